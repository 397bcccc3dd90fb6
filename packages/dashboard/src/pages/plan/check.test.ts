import { describe, expect, it } from "vitest";
import { rangeOf } from "./check.ts";

const TEXT = "spec:\n  flag: a\nend";
const problem = (line: number, column: number, endColumn: number) => ({
  line,
  column,
  endLine: line,
  endColumn,
  path: "",
  code: "X",
  message: "",
  hint: "",
});

describe("the place of a problem", () => {
  it("is counted from 1 in lines and columns, and from 0 in the text", () => {
    const { from, to } = rangeOf(TEXT, problem(2, 3, 7));
    expect(TEXT.slice(from, to)).toBe("flag");
  });

  it("stays within its line, and within the text", () => {
    expect(rangeOf(TEXT, problem(1, 3, 99))).toEqual({ from: 2, to: 5 });
    expect(rangeOf(TEXT, problem(1, 50, 60))).toEqual({ from: 5, to: 5 });
    expect(rangeOf(TEXT, problem(9, 1, 4))).toEqual({ from: TEXT.length + 1, to: TEXT.length + 1 });
  });
});

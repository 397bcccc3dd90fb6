import { describe, expect, it } from "vitest";
import { line, wrap, type Canvas } from "./lines.ts";

const plain = (columns?: number): Canvas => ({ style: (_paint, text) => text, columns });

describe("a line", () => {
  it("is cut where the terminal ends, across its cells", () => {
    expect(line(plain(8), "abc ", { text: "defgh", paint: "red" }, "ijk")).toBe("abc def…");
  });

  it("is as long as it needs to be where there is no terminal", () => {
    expect(line(plain(), "abc ", "defgh  ")).toBe("abc defgh");
  });

  it("paints what is left of a cell, and never lets a server steer the terminal", () => {
    const canvas: Canvas = { style: (paint, text) => `<${paint}:${text}>`, columns: 12 };
    expect(line(canvas, { text: "\u001b[2J", paint: "red" })).toBe("<red:\\u001b[2J>");
  });
});

describe("wrapped text", () => {
  it("breaks at spaces", () => {
    expect(wrap("waits for 12m more of 48h", 12)).toEqual(["waits for", "12m more of", "48h"]);
  });

  it("leaves a word that is too long whole, on a line of its own", () => {
    expect(wrap("see https://example.test/path now", 10)).toEqual(["see", "https://example.test/path", "now"]);
  });

  it("is one line where there is no terminal", () => {
    expect(wrap("a b c", undefined)).toEqual(["a b c"]);
  });
});

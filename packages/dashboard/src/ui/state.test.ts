import { describe, expect, it } from "vitest";
import { fieldWords } from "./state.tsx";

describe("a field that has to be mended", () => {
  it.each([
    ["/key", "Key"],
    ["/expectedEnd", "Expected end"],
    ["/rules/0/clauses/1/values", "Rules 1 clauses 2 values"],
  ])("at %s is called %s", (pointer, words) => {
    expect(fieldWords(pointer)).toBe(words);
  });
});

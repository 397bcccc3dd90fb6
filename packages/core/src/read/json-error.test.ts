import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonErrorOffset } from "./json-error.ts";

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("the place where a text stops being JSON", () => {
  it.each([
    ['{"key":}', 7],
    ["[1,2,]", 5],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["{a:1}", 1],
    ["'x'", 0],
    ["[1] 2", 4],
    ['{"a":"unended', 5],
    ['{"a":[1', 7],
    ["01", 1],
    ["", 0],
    ["[1}", 2],
  ])("in %j is %d", (text, offset) => {
    expect(jsonErrorOffset(text)).toBe(offset);
  });

  it("is nowhere in what the engine takes for JSON, and somewhere in all else", () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(200), fc.constantFrom("", ",", "}", "]", '"', ":", "x", "\u0001", "0"))
      .map(([text, at, insert]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(place + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken), (text) => (jsonErrorOffset(text) === undefined) === parses(text)),
      { numRuns: 500 },
    );
  });

  it("is found in a text nested without end, without a stack of its own", () => {
    expect(jsonErrorOffset("[".repeat(200_000))).toBe(200_000);
  });
});

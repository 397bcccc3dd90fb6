import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pointerOf, pointerSteps } from "./json-pointer.ts";

describe("a JSON pointer", () => {
  it.each<[string, readonly (string | number)[]]>([
    ["", []],
    ["/", [""]],
    ["/stages/2/name", ["stages", 2, "name"]],
    ["/a~1b/m~0n/~01", ["a/b", "m~n", "~1"]],
  ])("%s leads there", (pointer, path) => {
    expect(pointerOf(path)).toBe(pointer);
    expect(pointerSteps(pointer)).toEqual(path.map(String));
  });

  it("leads back to every path", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(pointerSteps(pointerOf(path))).toEqual(path);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOf, valuesOf } from "./values.ts";

describe("values of a clause as text", () => {
  it("reads numbers and truth values as such, and everything else as text", () => {
    expect(valuesOf("DE, AT,3, 1.5, true, 1.2.3, a b")).toEqual(["DE", "AT", 3, 1.5, true, "1.2.3", "a b"]);
  });

  it("leaves out what is empty", () => {
    expect(valuesOf(" , ,a,")).toEqual(["a"]);
  });

  it("keeps commas in quotes and in lists", () => {
    expect(valuesOf('"a, b", [1, 2], "say \\"x, y\\""')).toEqual(["a, b", [1, 2], 'say "x, y"']);
  });

  it("shows an id of digits in quotes, so that it stays a text", () => {
    expect(textOf(["12345", 12345])).toBe('"12345", 12345');
  });

  it("reads what it shows as it was", () => {
    const values = fc.array(
      fc.oneof(fc.string(), fc.stringMatching(/^[ ,"[{}\]\\tf0-9-]*$/), fc.boolean(), fc.integer(), fc.constant([1])),
    );
    fc.assert(
      fc.property(values, (some) => {
        expect(valuesOf(textOf(some))).toEqual(some);
      }),
    );
  });
});

import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "./canonical.ts";

it("is the text that the reference implementation makes, for any JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      expect(canonicalJson(value as object)).toBe(canonicalize(value));
    }),
    { numRuns: 500 },
  );
});

it("orders names by code units, also those that look like numbers", () => {
  expect(canonicalJson({ "10": 1, "9": 2, "€": 3, "\u{1f600}": 4, "\ufb33": 5, a: undefined })).toBe(
    '{"10":1,"9":2,"€":3,"😀":4,"\ufb33":5}',
  );
});

it("writes numbers as the RFC has them", () => {
  expect(canonicalJson([1e21, 333333333.3333333, 1e-27, -0, 4.5])).toBe("[1e+21,333333333.3333333,1e-27,0,4.5]");
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const FLAGS = ["sliceB_documents", "sliceB_uploads", "v1.4.0", "v1.5.0", "checkout", "search/new-ranking"];

describe("the nearest names", () => {
  it.each([
    ["a letter that is missing", "slicB_documents", ["sliceB_documents"]],
    ["two letters in each other's place", "chekcout", ["checkout"]],
    ["a letter that is another", "v1.6.0", ["v1.4.0", "v1.5.0"]],
    ["other capitals", "CHECKOUT", ["checkout"]],
    ["the beginning only", "search", ["search/new-ranking"]],
    ["a name that goes on", "checkout-new-payment-provider", ["checkout"]],
  ])("are found for %s", (_, asked, expected) => {
    expect(nearest(asked, FLAGS)).toEqual(expected);
  });

  it("are none when nothing is near", () => {
    expect(nearest("billing", FLAGS)).toEqual([]);
    expect(nearest("", FLAGS)).toEqual([]);
    expect(nearest("checkout", [])).toEqual([]);
    expect(nearest("c", ["checkout"])).toEqual([]);
  });

  it("begin with the nearest", () => {
    expect(nearest("kitten", ["mittens", "sitten", "kittens", "kitten-food"])).toEqual([
      "kittens",
      "sitten",
      "kitten-food",
    ]);
  });

  it("are at most three, among those given, whatever is asked", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (asked, known) => {
        const found = nearest(asked, known);
        expect(found.length).toBeLessThanOrEqual(3);
        for (const name of found) expect(known).toContain(name);
      }),
    );
  });

  it("always have a name that one edit took away from a known one", () => {
    const key = fc.stringMatching(/^[a-z0-9._/-]{3,40}$/);
    fc.assert(
      fc.property(key, fc.nat(), (name, at) => {
        const place = at % name.length;
        const asked = name.slice(0, place) + name.slice(place + 1);
        expect(nearest(asked, [name])).toEqual([name]);
      }),
    );
  });

  it("are not looked for when the name is longer than any key", () => {
    expect(nearest("a".repeat(129), ["a".repeat(128)])).toEqual([]);
  });
});

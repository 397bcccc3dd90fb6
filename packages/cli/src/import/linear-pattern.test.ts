import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearPattern } from "./linear-pattern.ts";
import { linearRegex } from "./regex.ts";

const atom = fc.constantFrom(
  "a",
  "b",
  "0",
  " ",
  "-",
  "/",
  "\\.",
  "\\d",
  "\\w",
  "[a-c]",
  "[\\w-]",
  "[.0]",
  ".",
  ".*",
  ".+",
  "a?",
  "b*",
  "a+?",
  "a{2}",
  "b{1,2}",
  "^",
  "$",
  "\\b",
  "|",
  "(a|b)",
  "(?:a)+",
);
const strange = fc.constantFrom(
  "\\s",
  "[^a]",
  "(?=a)",
  "(?!a)",
  "\\1",
  "\\B",
  "\\u0061",
  "{",
  "]",
  "[",
  "(",
  ")",
  "**",
  "a{,2}",
  "\\x41",
  "\u00e9",
  "(?<n>a)",
  "\\cA",
  "[]",
);
const source = fc
  .array(fc.oneof({ weight: 9, arbitrary: atom }, { weight: 1, arbitrary: strange }), { maxLength: 6 })
  .map((parts) => parts.join(""));
const text = fc
  .array(
    fc.constantFrom("a", "b", "c", "0", " ", "-", "_", ".", "/", "\n", "\r", "\u2028", "\u00e9", "\u{1f600}", "\u0660"),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

describe("a JavaScript pattern for RE2", () => {
  it("finds what JavaScript finds, wherever it is translated at all", () => {
    let translated = 0;
    fc.assert(
      fc.property(source, fc.array(text, { minLength: 8, maxLength: 8 }), (pattern, texts) => {
        const linear = linearPattern(pattern);
        if (linear === undefined) return;
        translated += 1;
        const [search, here] = [new RegExp(pattern), linearRegex(linear)];
        for (const each of texts) expect([pattern, each, here(each)]).toEqual([pattern, each, search.test(each)]);
      }),
      { numRuns: 3000 },
    );
    expect(translated).toBeGreaterThan(500);
  });

  it.each([
    "(?=a)",
    "(?!a)b",
    "(a)\\1",
    "\\s",
    "[^a]",
    "^.$",
    ".{3}",
    "\\p{L}",
    "\u00e9",
    "a**",
    "(a",
    "a)",
    "^*",
    "[a",
    "\\",
  ])("%s is not translated: the engines differ, or it is no pattern", (pattern) => {
    expect(linearPattern(pattern)).toBeUndefined();
  });
});

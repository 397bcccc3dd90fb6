import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { conformanceSuite, readVectors, type ConformanceCase } from "./conformance.contract.ts";
import { bucketOf, seedOf } from "./hash/bucket.ts";
import { murmur3 } from "./hash/murmur3.ts";
import { Ruleset } from "./ruleset/ruleset.ts";
import { parseSnapshot } from "./wire/parse.ts";

const regex = (pattern: string) => {
  const compiled = RE2JS.compile(pattern);
  return (text: string) => compiled.matcher(text).find();
};

function rulesetFor({ snapshot, silenceMs }: ConformanceCase): Ruleset {
  const parsed = parseSnapshot(snapshot);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.skipped).toEqual([]);
  const ruleset = new Ruleset({ regex, silenceMs: () => silenceMs });
  ruleset.replace(parsed.value);
  expect(ruleset.digest).toBe(parsed.value.digest);
  return ruleset;
}

conformanceSuite("Ruleset.evaluate", (testCase) =>
  rulesetFor(testCase).evaluate(testCase.flag, testCase.user, testCase.default),
);

conformanceSuite("Ruleset.isEnabled, the second time too,", (testCase) => {
  const ruleset = rulesetFor(testCase);
  const { flag, user, default: defaultValue } = testCase;
  const details = ruleset.evaluate(flag, user, defaultValue);
  if (typeof defaultValue !== "boolean") return details;
  // Once before the seed is there, once after.
  expect(rulesetFor(testCase).isEnabled(flag, user, defaultValue)).toBe(details.value);
  return { ...details, value: ruleset.isEnabled(flag, user, defaultValue) };
});

conformanceSuite("A ruleset restored from its own snapshot", (testCase) => {
  const restored = new Ruleset({ regex, silenceMs: () => testCase.silenceMs });
  restored.replace(rulesetFor(testCase).snapshot());
  return restored.evaluate(testCase.flag, testCase.user, testCase.default);
});

describe("the hash", () => {
  const vectors = readVectors("buckets") as {
    readonly hashes: readonly { readonly text: string; readonly seed: number; readonly hash: number }[];
    readonly buckets: readonly { readonly id: string; readonly salt: string; readonly bucket: number }[];
  };

  it("is that of every vector", () => {
    expect(vectors.hashes.length).toBeGreaterThan(100);
    for (const { text, seed, hash } of vectors.hashes)
      expect(murmur3(text, seed), JSON.stringify({ text, seed })).toBe(hash);
  });

  it("puts every vector's id in its bucket", () => {
    expect(vectors.buckets.length).toBeGreaterThan(100);
    for (const { id, salt, bucket } of vectors.buckets)
      expect(bucketOf(id, seedOf(salt)), JSON.stringify({ id, salt })).toBe(bucket);
  });
});

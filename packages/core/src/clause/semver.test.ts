import * as fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import { compareVersions, parseVersion } from "./semver.ts";

const number = fc.nat({ max: 30 }).map(String);
const identifier = fc.oneof(number, fc.constantFrom("alpha", "beta", "rc", "a-b", "0a", "x", "-", "A"));
const prerelease = fc
  .array(identifier, { maxLength: 4 })
  .map((parts) => (parts.length === 0 ? "" : `-${parts.join(".")}`));
const build = fc.constantFrom("", "+1", "+a.b", "+001");
const version = fc
  .tuple(number, number, number, prerelease, build)
  .map(([a, b, c, pre, meta]) => `${a}.${b}.${c}${pre}${meta}`);
/** Near misses: valid parts put together wrongly. */
const nearly = fc
  .array(fc.constantFrom("1", "0", "01", ".", "-", "+", "a", "rc", "1.2.3", " "), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(""));

describe("versions", () => {
  it("compare as the npm semver does", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [left, right] = [parseVersion(a), parseVersion(b)];
        if (left === undefined || right === undefined) return false;
        return Math.sign(compareVersions(left, right)) === semver.compare(a, b);
      }),
      { numRuns: 3000 },
    );
  });

  it("are versions where the npm semver, which lets spaces and a v pass, thinks so", () => {
    const isPlain = (text: string) => text.trim() === text;
    fc.assert(
      fc.property(
        fc.oneof(nearly, version),
        (text) => (parseVersion(text) !== undefined) === (isPlain(text) && semver.valid(text) !== null),
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "v1.2.3",
    "01.2.3",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3-a..b",
    "1.2.3+",
    " 1.2.3",
    "1.2.3\n",
    "1.2.x",
  ])("are not: %j", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it("keep every digit of numbers beyond what a double holds", () => {
    const [a, b] = [parseVersion("1.0.90071992547409929"), parseVersion("1.0.90071992547409930")];
    expect(a && b && compareVersions(a, b)).toBeLessThan(0);
  });

  it("are not looked for in other values or in texts without end", () => {
    for (const value of [1, null, undefined, {}, ["1.2.3"]]) expect(parseVersion(value)).toBeUndefined();
    expect(parseVersion(`1.2.${"3".repeat(300)}`)).toBeUndefined();
  });
});

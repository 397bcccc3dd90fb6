/** A version as semver 2.0 defines it; build metadata has no say in precedence and is dropped. */
export interface Version {
  /** Major, minor, patch, as digits: they may exceed what a number holds. */
  readonly core: readonly string[];
  /** The dot-separated identifiers after the hyphen; empty for a release. */
  readonly prerelease: readonly string[];
}

/** Longest text that is tried; far beyond any version, and a bound on the work. */
const VERSION_LENGTH_MAX = 256;

const SHAPE = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const NUMERIC = /^\d+$/;

/** Parses `1.2.3`, `1.2.3-rc.1`, `1.2.3+build`; undefined for anything else, a leading `v` included. */
export function parseVersion(text: unknown): Version | undefined {
  if (typeof text !== "string" || text.length > VERSION_LENGTH_MAX) return undefined;
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const core = parts.slice(1, 4);
  const prerelease = parts[4] === undefined ? [] : parts[4].split(".");
  if (prerelease.includes("") || [...core, ...prerelease].some(hasLeadingZero)) return undefined;
  return { core, prerelease };
}

/** Below zero when `a` comes before `b`, zero when neither does (semver 2.0, section 11). */
export function compareVersions(a: Version, b: Version): number {
  const byCore = compareLists(a.core, b.core);
  if (byCore !== 0) return byCore;
  // A version with a pre-release comes before the one without.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  return compareLists(a.prerelease, b.prerelease);
}

/** The first difference decides; of two lists that begin alike the longer comes later. */
function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before text. Without leading zeros the longer number is the greater, so no precision is lost. */
function compareIdentifiers(a: string, b: string): number {
  const aIsNumber = NUMERIC.test(a);
  const bIsNumber = NUMERIC.test(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  if (aIsNumber && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasLeadingZero(identifier: string): boolean {
  return identifier.length > 1 && identifier.startsWith("0") && NUMERIC.test(identifier);
}

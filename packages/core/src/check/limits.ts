/**
 * Bounds of what can be written. They are far above sane use, and keep one flag from filling the memory of every client or taking
 * milliseconds to evaluate.
 */

/** Of a flag in one environment. */
export const RULES_MAX = 500;
/** Of one rule. */
export const CLAUSES_PER_RULE_MAX = 100;
/** Of one clause; a longer list is a segment. */
export const VALUES_PER_CLAUSE_MAX = 10_000;
/** Of a flag in one environment, all variants together. */
export const TARGETS_MAX = 10_000;
/** Of a flag in one environment. */
export const PREREQUISITES_MAX = 20;
/** Of a flag. */
export const VARIANTS_MAX = 100;
/** Of a flag. */
export const TAGS_MAX = 50;
/** Of each of a segment's two lists: about 4 MB with UUIDs, in every client. */
export const SEGMENT_IDS_MAX = 100_000;
/** Of a segment. */
export const SEGMENT_RULES_MAX = 100;

/** Characters of an id of a user, a salt, an attribute's name, an owner. */
export const NAME_LENGTH_MAX = 256;
/** Characters of a clause's value: patterns are the longest. */
export const VALUE_LENGTH_MAX = 1024;
/** Characters. */
export const DESCRIPTION_LENGTH_MAX = 4096;
/** Characters. */
export const TAG_LENGTH_MAX = 64;
/** Characters of all variants of a flag as JSON: they go to every client. */
export const VARIANTS_JSON_LENGTH_MAX = 65_536;

/** Metrics that a flag is measured by. Clients keep fewer apart than this by unit, and say what they left out. */
export const MEASURES_MAX = 100;
/** Characters of a tracked metric's name. */
export const METRIC_LENGTH_MAX = 128;

/** A shorter lease would run out between two heartbeats whatever their interval. */
export const LEASE_MS_MIN = 1000;
/** A week: a longer lease is none. */
export const LEASE_MS_MAX = 7 * 86_400_000;

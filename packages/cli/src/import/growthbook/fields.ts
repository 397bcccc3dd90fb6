/** Fields of a rule that decide there and have no counterpart. */
export const BEYOND = [
  "range",
  "ranges",
  "filters",
  "namespace",
  "contextualVariations",
  "url",
  "urlPatterns",
  "minBucketVersion",
];

/** Fields of a feature that are read, or have no part in the answers. */
export const FEATURE_FIELDS = new Set(["defaultValue", "rules", "description", "project", "metadata"]);

/** Those of a rule. */
export const RULE_FIELDS = new Set([
  ...BEYOND,
  "id",
  "condition",
  "parentConditions",
  "force",
  "variations",
  "weights",
  "coverage",
  "key",
  "name",
  "phase",
  "meta",
  "tracks",
  "seed",
  "hashAttribute",
  "hashVersion",
  "fallbackAttribute",
  "disableStickyBucketing",
  "bucketVersion",
]);

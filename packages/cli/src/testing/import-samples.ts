import type { JsonObject, JsonValue } from "@rampart/core";
import type { Format } from "../import/types.ts";

/** A piece of another product's file, and the whole file around it. */
export interface Sample {
  readonly format: Exclude<Format, "rampart">;
  /** What it is about, as people call it. */
  readonly what: string;
  /** The piece, which is shown. */
  readonly piece: JsonValue;
  readonly file: JsonObject;
}

const launchDarklyFile = (flag: JsonObject, more: JsonObject = {}): JsonObject => ({
  flags: {
    flag: { key: "flag", on: true, variations: [true, false], offVariation: 1, fallthrough: { variation: 1 }, ...flag },
    ...more,
  },
  segments: { testers: { key: "testers", included: ["ann"], excluded: ["bob"], rules: [] } },
});
const launchDarkly = (what: string, flag: JsonObject, more: JsonObject = {}): Sample => ({
  format: "launchdarkly",
  what,
  piece: flag,
  file: launchDarklyFile(flag, more),
});
const ldClause = (what: string, clause: JsonObject): Sample => ({
  format: "launchdarkly",
  what,
  piece: clause,
  file: launchDarklyFile({
    rules: [{ id: "rule", clauses: [{ attribute: "", negate: false, ...clause }], variation: 0 }],
  }),
});

const LAUNCHDARKLY: readonly Sample[] = [
  launchDarkly("switched off", { on: false }),
  launchDarkly("off variation true", { offVariation: 0 }),
  launchDarkly("off variation true, and switched off", { on: false, offVariation: 0 }),
  launchDarkly("several types", { variations: [true, "x"] }),
  launchDarkly("targets", { targets: [{ variation: 0, values: ["ann", "bob"] }] }),
  launchDarkly("targets of another kind of context", {
    contextTargets: [{ contextKind: "org", variation: 0, values: ["acme"] }],
  }),
  launchDarkly("percentage", {
    fallthrough: {
      rollout: {
        variations: [
          { variation: 0, weight: 12_345 },
          { variation: 1, weight: 87_655 },
        ],
      },
    },
  }),
  launchDarkly("percentage by another attribute", {
    fallthrough: {
      rollout: {
        bucketBy: "org",
        variations: [
          { variation: 0, weight: 50_000 },
          { variation: 1, weight: 50_000 },
        ],
      },
    },
  }),
  launchDarkly(
    "prerequisite",
    { prerequisites: [{ key: "other", variation: 0 }] },
    { other: { key: "other", on: true, variations: [true, false], offVariation: 1, fallthrough: { variation: 0 } } },
  ),
  launchDarkly(
    "prerequisite on what is served while off",
    { prerequisites: [{ key: "other", variation: 1 }] },
    { other: { key: "other", on: true, variations: [true, false], offVariation: 1, fallthrough: { variation: 0 } } },
  ),
  launchDarkly("field that came after this import", { newFieldOfTomorrow: true }),
  ldClause("one of", { attribute: "country", op: "in", values: ["de", "at"] }),
  ldClause("none of", { attribute: "country", op: "in", values: ["de", "at"], negate: true }),
  ldClause("by key", { attribute: "key", op: "startsWith", values: ["test-"] }),
  ldClause("nested", { contextKind: "user", attribute: "/address/city", op: "endsWith", values: ["burg"] }),
  ldClause("another kind of context", { contextKind: "device", attribute: "os", op: "in", values: ["linux"] }),
  ldClause("pattern", { attribute: "mail", op: "matches", values: ["^[a-z]+@x\\.org$"] }),
  ldClause("pattern that RE2 lacks", { attribute: "mail", op: "matches", values: ["^(?!test)"] }),
  ldClause("number", { attribute: "age", op: "greaterThanOrEqual", values: [18] }),
  ldClause("date", { attribute: "since", op: "before", values: ["2026-01-05T02:00:00Z"] }),
  ldClause("version", { attribute: "app", op: "semVerLessThan", values: ["2.1"] }),
  ldClause("anonymous", { attribute: "anonymous", op: "in", values: [true] }),
  ldClause("not anonymous", { attribute: "anonymous", op: "in", values: [false] }),
  ldClause("segment", { op: "segmentMatch", values: ["testers"] }),
  ldClause("not in a segment", { op: "segmentMatch", values: ["testers"], negate: true }),
];

const unleashFile = (feature: JsonObject, others: readonly JsonObject[] = []): JsonObject => ({
  version: 2,
  features: [{ name: "flag", enabled: true, strategies: [], ...feature }, ...others],
  segments: [{ id: 7, name: "testers", constraints: [{ contextName: "plan", operator: "IN", values: ["pro"] }] }],
});
const unleash = (what: string, feature: JsonObject, others: readonly JsonObject[] = []): Sample => ({
  format: "unleash",
  what,
  piece: feature,
  file: unleashFile(feature, others),
});
const strategy = (what: string, piece: JsonObject): Sample => ({
  format: "unleash",
  what,
  piece,
  file: unleashFile({ strategies: [piece] }),
});
const constraint = (what: string, piece: JsonObject): Sample => ({
  format: "unleash",
  what,
  piece,
  file: unleashFile({ strategies: [{ name: "default", constraints: [piece] }] }),
});
const rollout = (parameters: JsonObject): JsonObject => ({ name: "flexibleRollout", parameters });

const UNLEASH: readonly Sample[] = [
  unleash("no strategy: everybody", { strategies: [] }),
  unleash("variants", { variants: [{ name: "blue", weight: 1000 }] }),
  unleash("parent", { dependencies: [{ feature: "parent" }] }, [{ name: "parent", enabled: true, strategies: [] }]),
  unleash("parent that must be off", { dependencies: [{ feature: "parent", enabled: false }] }, [
    { name: "parent", enabled: true, strategies: [] },
  ]),
  unleash("several shares of one group: the larger counts", {
    strategies: [
      rollout({ rollout: "10", stickiness: "userId" }),
      {
        ...rollout({ rollout: "50", stickiness: "userId" }),
        constraints: [{ contextName: "plan", operator: "IN", values: ["pro"] }],
      },
    ],
  }),
  unleash("shares of several groups", {
    strategies: [
      rollout({ rollout: "10", stickiness: "userId", groupId: "a" }),
      rollout({ rollout: "50", stickiness: "userId", groupId: "b" }),
    ],
  }),
  strategy("everybody", { name: "default" }),
  strategy("share", rollout({ rollout: "25", stickiness: "userId" })),
  strategy("share by session or id", rollout({ rollout: "25", stickiness: "default" })),
  strategy("share, drawn each time", rollout({ rollout: "25", stickiness: "random" })),
  strategy("share by a field", rollout({ rollout: "25", stickiness: "tenant" })),
  strategy("all who have the field", rollout({ rollout: "100", stickiness: "tenant" })),
  strategy("users", { name: "userWithId", parameters: { userIds: "ann, bob" } }),
  strategy("addresses", { name: "remoteAddress", parameters: { IPs: "10.0.0.0/8" } }),
  strategy("host name", { name: "applicationHostname", parameters: { hostNames: "web-1" } }),
  strategy("own strategy", { name: "byMoonPhase" }),
  strategy("segment", { name: "default", segments: [7] }),
  constraint("one of", { contextName: "country", operator: "IN", values: ["de", "5"] }),
  constraint("none of", { contextName: "userId", operator: "NOT_IN", values: ["ann"] }),
  constraint("text", { contextName: "mail", operator: "STR_ENDS_WITH", values: ["@x.org"] }),
  constraint("text, whatever the case", {
    contextName: "mail",
    operator: "STR_CONTAINS",
    values: ["kit"],
    caseInsensitive: true,
  }),
  constraint("text, inverted", { contextName: "mail", operator: "STR_ENDS_WITH", values: ["@x.org"], inverted: true }),
  constraint("pattern", { contextName: "mail", operator: "REGEX", value: "^a.*z$" }),
  constraint("number", { contextName: "age", operator: "NUM_GTE", value: "18" }),
  constraint("version", { contextName: "app", operator: "SEMVER_LT", value: "2.1.0" }),
  constraint("addresses", { contextName: "remoteAddress", operator: "IN_CIDR", values: ["10.0.0.0/8"] }),
  constraint("addresses of IPv6", { contextName: "remoteAddress", operator: "IN_CIDR", values: ["2001:db8::/32"] }),
  constraint("time of day", { contextName: "currentTime", operator: "DATE_AFTER", value: "2026-01-05T02:00:00Z" }),
  constraint("what its SDK fills in", { contextName: "appName", operator: "IN", values: ["web"] }),
];

const flagdFile = (flag: JsonObject): JsonObject => ({
  flags: { flag: { state: "ENABLED", variants: { yes: true, no: false }, defaultVariant: "no", ...flag } },
  $evaluators: { staff: { ends_with: [{ var: "mail" }, "@x.org"] } },
});
const flagd = (what: string, piece: JsonObject): Sample => ({ format: "flagd", what, piece, file: flagdFile(piece) });
const when = (what: string, piece: JsonObject): Sample => ({
  format: "flagd",
  what,
  piece,
  file: flagdFile({ targeting: { if: [piece, "yes"] } }),
});

const FLAGD: readonly Sample[] = [
  flagd("no targeting", { defaultVariant: "yes" }),
  flagd("disabled", { state: "DISABLED" }),
  flagd("no default", { defaultVariant: null }),
  flagd("default that is no variant", { defaultVariant: "maybe" }),
  flagd("fraction", {
    targeting: {
      fractional: [
        ["yes", 25],
        ["no", 75],
      ],
    },
  }),
  flagd("fraction by an attribute", {
    targeting: { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "mail" }] }, ["yes", 1], ["no", 2]] },
  }),
  when("equal", { "===": [{ var: "country" }, "de"] }),
  when("equal to 0, loosely", { "==": [{ var: "count" }, 0] }),
  when("unequal", { "!=": [{ var: "country" }, "de"] }),
  when("one of", { in: [{ var: "country" }, ["de", "at"]] }),
  when("part of a text", { in: ["@x.org", { var: "mail" }] }),
  when("number that a missing attribute meets, too", { "<": [{ var: "age" }, 18] }),
  when("number", { ">=": [{ var: "age" }, 18] }),
  when("version", { sem_ver: [{ var: "app" }, "^", "2.1.0"] }),
  when("shared", { $ref: "staff" }),
  when("and, or, not", {
    and: [
      { "!": [{ "===": [{ var: "a" }, "x"] }] },
      { or: [{ "===": [{ var: "b" }, "y"] }, { "===": [{ var: "c" }, "z"] }] },
    ],
  }),
  when("reckoning", { "==": [{ "%": [{ var: "id" }, 2] }, 1] }),
  when("time", { ">": [{ var: "$flagd.timestamp" }, 1_767_578_400] }),
];

const growthbookFile = (feature: JsonObject): JsonObject => ({
  features: { flag: { defaultValue: false, ...feature }, parent: { defaultValue: true } },
  savedGroups: { friends: ["ann", "bob"] },
});
const growthbook = (what: string, piece: JsonObject): Sample => ({
  format: "growthbook",
  what,
  piece,
  file: growthbookFile(piece),
});
const matching = (what: string, piece: JsonObject): Sample => ({
  format: "growthbook",
  what,
  piece,
  file: growthbookFile({ rules: [{ condition: piece, force: true }] }),
});

const GROWTHBOOK: readonly Sample[] = [
  growthbook("forced for everybody", { rules: [{ force: true }] }),
  growthbook("share", { rules: [{ force: true, coverage: 0.25 }] }),
  growthbook("share, with rules below it", {
    rules: [
      { force: true, coverage: 0.25 },
      { condition: { plan: "pro" }, force: true },
    ],
  }),
  growthbook("experiment", { rules: [{ variations: [false, true], weights: [0.5, 0.5], hashAttribute: "tenant" }] }),
  growthbook("namespace", { rules: [{ variations: [false, true], namespace: ["checkout", 0, 0.5] }] }),
  growthbook("prerequisite", {
    rules: [{ parentConditions: [{ id: "parent", condition: { value: true }, gate: true }] }, { force: true }],
  }),
  growthbook("prerequisite of a rule", {
    rules: [{ parentConditions: [{ id: "parent", condition: { value: true } }], force: true }],
  }),
  matching("equal", { country: "de" }),
  matching("unequal", { country: { $ne: "de" } }),
  matching("one of", { country: { $in: ["de", "at"] } }),
  matching("one of a saved group", { id: { $inGroup: "friends" } }),
  matching("number", { age: { $gte: 18 } }),
  matching("number 0, loosely", { count: 0 }),
  matching("version", { app: { $vgt: "2.1.0" } }),
  matching("there", { plan: { $exists: true } }),
  matching("pattern", { mail: { $regex: "@x\\.org$" } }),
  matching("and, or, not", { $or: [{ a: "x" }, { $not: { b: "y" } }], c: "z" }),
  matching("lists", { tags: { $all: ["a", "b"] } }),
];

/** What each product's files are made of, a piece each. */
export const SAMPLES: readonly Sample[] = [...LAUNCHDARKLY, ...UNLEASH, ...FLAGD, ...GROWTHBOOK];

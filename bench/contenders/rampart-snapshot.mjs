import { built } from "../lib/paths.mjs";

const conditionClause = (condition) => {
  if ("segment" in condition)
    return { attribute: "targetingKey", op: "inSegment", values: [condition.segment], negate: false };
  return condition.op === "in"
    ? { attribute: condition.attribute, op: "in", values: condition.values, negate: false }
    : { attribute: condition.attribute, op: "greaterThan", values: [condition.value], negate: false };
};

/** The flags as a Rampart snapshot, with every field written out. */
const snapshotOf = (spec) => ({
  environment: "production",
  epoch: "bench",
  revision: 1,
  digest: "00000000",
  flags: spec.flags.map((flag) => ({
    key: flag.key,
    revision: 1,
    type: "boolean",
    variants: { on: true, off: false },
    enabled: true,
    offVariant: "off",
    targets: {},
    rules: flag.conditions.map((condition, i) => ({
      id: `rule-${i}`,
      clauses: [conditionClause(condition)],
      serve: { variant: "on" },
    })),
    fallthrough: { percentage: flag.percentage },
    salt: flag.key,
    bucketBy: "targetingKey",
    prerequisites: [],
  })),
  segments: Object.entries(spec.segments).map(([key, included]) => ({
    key,
    revision: 1,
    included,
    excluded: [],
    rules: [],
  })),
});

/** The text that a Rampart server would send for these flags: what is at its default is left out. */
export async function snapshotText(spec) {
  const { encodeSnapshot } = await import(built("core"));
  return JSON.stringify(encodeSnapshot(snapshotOf(spec)));
}

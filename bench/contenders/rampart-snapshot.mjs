import { built } from "../lib/paths.mjs";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ attribute, op: "in", values, negate: false }),
  endsWith: ({ attribute, value }) => ({ attribute, op: "endsWith", values: [value], negate: false }),
  greaterThan: ({ attribute, value }) => ({ attribute, op: "greaterThan", values: [value], negate: false }),
  segment: ({ segment }) => ({ attribute: "targetingKey", op: "inSegment", values: [segment], negate: false }),
};

const conditionOf = (condition) => CONDITIONS[condition.kind](condition);

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
      clauses: [conditionOf(condition)],
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

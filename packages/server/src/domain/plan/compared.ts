import type { CompareWithin, CompareWorse, Plan, Stage, Trigger } from "./types.ts";

/** What comparing may cost a whole rollout that is healthy: one in a hundred is taken back by a false alarm, at most. */
export const ROLLOUT_ALPHA = 0.01;

/** A criterion that names no `alpha`: a claim of no harm is wrong once in twenty, at most. */
export const PROOF_ALPHA = 0.05;

/** A comparison that triggers of the plan act upon, with its part of the rollout's false alarms. */
export interface ComparedTest {
  /** The same for equal settings, in whatever stage; see `testKey`. */
  readonly key: string;
  readonly compare: CompareWorse;
  /** False alarms over the whole rollout, 0…1. */
  readonly alpha: number;
}

/** A comparison that criteria of the plan ask for. */
export interface ComparedProof {
  /** The criterion's. */
  readonly id: string;
  readonly within: CompareWithin;
  readonly alpha: number;
}

/** What equal comparisons have in common. */
export function testKey({ metric, worseBy, alpha, weight, minSamples }: CompareWorse): string {
  const options = { alpha, weight, minSamples };
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return [`${metric} worse by ${worseBy}`, ...given].join(", ");
}

/** What a key stands for, as people read it. */
export function keyText(key: string): string {
  const [, metric, worseBy, options] = /^(.*) worse by ([\d.e+-]+)(.*)$/.exec(key) ?? [];
  return metric === undefined ? key : compareText({ metric, worseBy: Number(worseBy) }) + (options ?? "");
}

/** The comparison as people read it. */
export function compareText({ metric, worseBy }: Pick<CompareWorse, "metric" | "worseBy">): string {
  const margin = worseBy === 1 ? "" : ` by ${Number(((worseBy - 1) * 100).toPrecision(12))}%`;
  return `${metric} worse${margin} than without the flag`;
}

const testsByPlan = new WeakMap<Plan, readonly ComparedTest[]>();

/**
 * Every comparison that can fire a trigger, each once. Those that name an `alpha` have it; the others share what is left of the
 * rollout's budget by their weights.
 */
export function comparedTests(plan: Plan): readonly ComparedTest[] {
  const known = testsByPlan.get(plan);
  if (known) return known;
  const tests = split(plan.stages.flatMap((stage) => stage.triggers));
  testsByPlan.set(plan, tests);
  return tests;
}

/** The same before there is a plan: of its triggers. An alpha of 0 or less: the others leave nothing. */
export function split(triggers: readonly Trigger[]): readonly ComparedTest[] {
  const compares = triggers.flatMap(({ test }) => (test.kind === "compare" ? [test.compare] : []));
  const distinct = new Map(compares.map((compare) => [testKey(compare), compare]));
  const all = [...distinct.values()];
  const asked = sum(all.map(({ alpha = 0 }) => alpha));
  const weights = sum(all.flatMap(({ alpha, weight = 1 }) => (alpha === undefined ? [weight] : [])));
  return [...distinct].map(([key, compare]) => ({
    key,
    compare,
    alpha: compare.alpha ?? ((ROLLOUT_ALPHA - asked) * (compare.weight ?? 1)) / weights,
  }));
}

/** Every comparison that a stage's criterion asks for, each once. */
export function comparedProofs(plan: Plan): readonly ComparedProof[] {
  const criteria = plan.stages.flatMap((stage) => stage.criteria);
  const proofs = criteria.flatMap(({ id, test }) =>
    test.kind === "compare" ? [{ id, within: test.within, alpha: test.within.alpha ?? PROOF_ALPHA }] : [],
  );
  return [...new Map(proofs.map((proof) => [proof.id, proof])).values()];
}

const metricsByPlan = new WeakMap<Plan, readonly string[]>();

/** The metrics that the plan compares by cohort anywhere. */
export function comparedMetrics(plan: Plan): readonly string[] {
  const known = metricsByPlan.get(plan);
  if (known) return known;
  const metrics = [...new Set(plan.stages.flatMap(comparedIn))];
  metricsByPlan.set(plan, metrics);
  return metrics;
}

/** The metrics that a stage's triggers and criteria compare by cohort. */
export function comparedIn({ triggers, criteria }: Pick<Stage, "triggers" | "criteria">): readonly string[] {
  const names = [
    ...triggers.flatMap(({ test }) => (test.kind === "compare" ? [test.compare.metric] : [])),
    ...criteria.flatMap(({ test }) => (test.kind === "compare" ? [test.within.metric] : [])),
  ];
  return [...new Set(names)];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

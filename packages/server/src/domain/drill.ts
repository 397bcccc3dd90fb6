import type { DrillPlanView, LegsView, ReceiptsView } from "@rampart/core";
import type { EpochMs } from "./records.ts";
import type { Condition, Plan, Trigger } from "./plan/types.ts";
import { boundOf, OFF_WITHIN_MS } from "./plan/warnings/bound.ts";

/** Drills rehearse on flags of this name and nothing else, so that no user ever notices one. */
export const DRILL_FLAG = "rampart-drill";

/**
 * What a rehearsal came to. `tookMs`: from the breach to the last client. `failed`: it was one, and not every client confirmed; that is worth knowing, and
 * worth more than an older success. `none`: it was no rehearsal, or is not over.
 */
export type DrillVerdict =
  | { readonly kind: "good"; readonly tookMs: number }
  | { readonly kind: "failed" | "none"; readonly detail: string; readonly hint: string };

/**
 * What a rollback on the drill flag proved. `tookMs`: from the breach (else from the oldest data that it was decided on, or from the signal) to the last
 * client's having applied it. Only a rollback that a trigger decided, with every client's receipt, is a drill.
 */
export function judgeDrill(receipts: ReceiptsView, breachedAt?: EpochMs): DrillVerdict {
  const { flags, rollout, verdict, expected, acknowledged, legs } = receipts;
  if (!flags.includes(DRILL_FLAG)) {
    return none(`revision ${receipts.revision} took ${flags.join(", ")} back, not ${DRILL_FLAG}`, "run rampart drill");
  }
  if (rollout === undefined)
    return none("it was killed by hand, so that no trigger was rehearsed", "run rampart drill");
  if (expected === 0)
    return none("no client was connected that could have been on", "connect the services' SDKs first");
  if (verdict === "open")
    return none(`${acknowledged} of ${expected} clients have said so yet`, "ask again in some seconds");
  if (verdict !== "proven") {
    return {
      kind: "failed",
      detail: `${expected - acknowledged} of ${expected} clients did not say that they applied it`,
      hint: "see rampart receipts for who is missing",
    };
  }
  return { kind: "good", tookMs: Math.ceil((waitMsOf(receipts, breachedAt) ?? 0) + totalMs(legs)) };
}

/** From the breach to the asking for the sample that it was decided on: the sampling interval, and the trigger's `for`. */
export function waitMsOf({ committedAt, legs }: ReceiptsView, breachedAt: EpochMs | undefined): number | undefined {
  if (breachedAt === undefined) return undefined;
  const { decideMs = 0, commitMs = 0, dataAgeMs = 0 } = legs;
  return Math.max(0, Date.parse(committedAt) - commitMs - decideMs - dataAgeMs - breachedAt);
}

/**
 * A plan that has the first rollback trigger of `plan` that watches a metric, with its interval, its `for` and its condition, on the drill flag;
 * undefined: it has none. The metric is one that is healthy until the drill feeds a breach.
 */
export function drillPlanOf(plan: Plan, environment: string): DrillPlanView | undefined {
  const trigger = plan.stages.flatMap(({ triggers }) => triggers).find(isRehearsed);
  const metric = trigger && plan.metrics[trigger.test.condition.metric];
  if (trigger === undefined || metric === undefined) return undefined;
  const { condition } = trigger.test;
  const baseline = metric.baseline ?? 1;
  const { healthy, breach } = valuesAround(condition, baseline);
  const spec = {
    flag: DRILL_FLAG,
    environment,
    interval: `${plan.intervalMs / 1000}s`,
    metrics: {
      [metric.name]: {
        prometheus: { url: "http://drill.invalid", query: `rampart_drill(${healthy}, ${breach})` },
        unit: metric.unit,
        ...(condition.threshold.kind !== "absolute" && { baseline }),
      },
    },
    triggers: [
      {
        name: trigger.name,
        when: condition.text,
        ...(trigger.forMs > 0 && { for: `${trigger.forMs / 1000}s` }),
        action: "rollback",
        severity: "P3",
      },
    ],
    stages: [{ name: "everybody", percentage: 100, duration: "1h", timeout: "2h" }],
  };
  const metadata = { name: DRILL_FLAG, title: `Drill of ${plan.name}` };
  return {
    text: JSON.stringify({ apiVersion: "rampart/v1", kind: "RolloutPlan", metadata, spec }),
    trigger: trigger.name,
    condition: condition.text,
    intervalMs: plan.intervalMs,
    forMs: trigger.forMs,
    withinMs: Math.max(OFF_WITHIN_MS, boundOf(plan, trigger).boundMs),
  };
}

/** The values that a drill's metric has, from its query; undefined: it is no drill's. */
export function drillValuesIn(query: string): { readonly healthy: number; readonly breach: number } | undefined {
  const [, healthy, breach] = /^rampart_drill\((\S+), (\S+)\)$/.exec(query) ?? [];
  return healthy === undefined || breach === undefined
    ? undefined
    : { healthy: Number(healthy), breach: Number(breach) };
}

/** What is drilled when nobody names a plan: a metric looked at each second, and no `for`. */
export const DEFAULT_DRILL_PLAN: string = JSON.stringify({
  apiVersion: "rampart/v1",
  kind: "RolloutPlan",
  metadata: { name: "rampart-drill" },
  spec: {
    flag: DRILL_FLAG,
    environment: "staging",
    interval: "1s",
    metrics: { drill: { prometheus: { url: "http://drill.invalid", query: "drill" }, unit: "none" } },
    triggers: [{ name: "drill", when: "drill >= 1", action: "rollback", severity: "P3" }],
    stages: [{ name: "everybody", percentage: 100, duration: "1h", timeout: "2h" }],
  },
});

type Rehearsed = Trigger & { readonly test: { readonly kind: "condition"; readonly condition: Condition } };

const isRehearsed = (trigger: Trigger): trigger is Rehearsed =>
  trigger.action === "rollback" && trigger.test.kind === "condition";

/** Half of the threshold on either side of it, or 1. */
function valuesAround(
  { operator, threshold }: Condition,
  baseline: number,
): { readonly healthy: number; readonly breach: number } {
  const at = thresholdValue(threshold, baseline);
  const apart = Math.abs(at) / 2 || 1;
  switch (operator) {
    case ">":
    case ">=":
      return { healthy: at - apart, breach: at + apart };
    case "<":
    case "<=":
      return { healthy: at + apart, breach: at - apart };
    case "==":
      return { healthy: at + apart, breach: at };
    case "!=":
      return { healthy: at, breach: at + apart };
  }
}

function thresholdValue(threshold: Condition["threshold"], baseline: number): number {
  switch (threshold.kind) {
    case "absolute":
      return threshold.value;
    case "relative":
      return baseline * (1 + threshold.by);
    case "offset":
      return baseline + threshold.by;
  }
}

function totalMs({ dataAgeMs = 0, decideMs = 0, commitMs = 0, writeMs, apply }: LegsView): number {
  return Math.ceil(dataAgeMs + decideMs + commitMs + writeMs + (apply?.maxMs ?? 0));
}

function none(detail: string, hint: string): DrillVerdict {
  return { kind: "none", detail, hint };
}

import type { Metric, Plan, Trigger } from "../types.ts";

/** A provider has this long to answer. */
export const QUERY_DEADLINE_MS = 2000;
/** From the decision to the last connected client: commit, stream, apply. Measured by the benchmarks, with room. */
export const FAN_OUT_MS = 600;
/** What Rampart is for: off everywhere within this time of the breach being visible. */
export const OFF_WITHIN_MS = 30_000;

/** SDKs report every second while a rollout is compared, and the cohorts are looked at every second. */
export const COMPARED_WITHIN_MS = 2000;

/** How long a trigger takes from the breach being visible in its source to the flag being off in every connected client, at most. */
export interface RollbackBound {
  readonly trigger: string;
  /** The stage that it belongs to; undefined: the plan's. */
  readonly stage?: string;
  /** In all. */
  readonly boundMs: number;
  /** What the plan adds on purpose: the breach has to last this long. */
  readonly forMs: number;
  /** What is left without `forMs`: sampling, the query, the way to the clients. */
  readonly reactMs: number;
  /** How far the query itself looks back, where that can be seen; a breach fills it only bit by bit. */
  readonly lookbackMs?: number;
}

/** Of every rollback trigger of the plan, in its order; a stage's trigger after the plan's. */
export function rollbackBounds(plan: Plan): readonly RollbackBound[] {
  const seen = new Set<Trigger>();
  const bounds: RollbackBound[] = [];
  for (const [index, stage] of plan.stages.entries()) {
    for (const trigger of stage.triggers) {
      if (trigger.action !== "rollback" || seen.has(trigger)) continue;
      seen.add(trigger);
      const isPlans =
        plan.stages.some((other, at) => at !== index && other.triggers.includes(trigger)) || plan.stages.length === 1;
      bounds.push({ trigger: trigger.name, ...(isPlans ? {} : { stage: stage.name }), ...boundOf(plan, trigger) });
    }
  }
  return bounds;
}

/** The bound of one trigger. */
export function boundOf(
  plan: Plan,
  trigger: Trigger,
): Pick<RollbackBound, "boundMs" | "forMs" | "reactMs" | "lookbackMs"> {
  const { test, forMs } = trigger;
  // A pushed signal acts as it comes in.
  if (test.kind === "signal") return { boundMs: FAN_OUT_MS, forMs: 0, reactMs: FAN_OUT_MS };
  if (test.kind === "compare") {
    const reactMs = COMPARED_WITHIN_MS + FAN_OUT_MS;
    return { boundMs: reactMs, forMs: 0, reactMs };
  }
  const metric = plan.metrics[test.condition.metric];
  const sampledMs =
    metric?.source.kind === "signal" ? 0 : Math.max(plan.intervalMs, everyOf(metric)) + QUERY_DEADLINE_MS;
  const reactMs = sampledMs + FAN_OUT_MS;
  const lookbackMs = lookbackOf(metric);
  return { boundMs: reactMs + forMs, forMs, reactMs, ...(lookbackMs === undefined ? {} : { lookbackMs }) };
}

/** How seldom a check asks to be called, milliseconds; 0: at every sampling, as everything else is. */
export function everyOf(metric: Metric | undefined): number {
  return metric?.source.kind === "http" ? (metric.source.everyMs ?? 0) : 0;
}

const RANGE_UNITS_MS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The longest range of a query, or the window of a measure; undefined where there is none. */
export function lookbackOf(metric: Metric | undefined): number | undefined {
  if (metric === undefined) return undefined;
  const { source } = metric;
  switch (source.kind) {
    case "prometheus": {
      const ranges = [...source.query.matchAll(/\[(\d+)(ms|[smhdw])(?::[^\]]*)?\]/g)].map(
        (match) => Number(match[1]) * (RANGE_UNITS_MS[match[2] ?? ""] ?? 0),
      );
      return ranges.length === 0 ? undefined : Math.max(...ranges);
    }
    case "http":
      return source.measure.kind === "success" ? source.measure.windowMs : undefined;
    case "sdk":
      return source.windowMs;
    case "signal":
      return undefined;
  }
}

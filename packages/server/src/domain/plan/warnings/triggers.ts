import { plural } from "@rampart/core";
import { ROLLOUT_ALPHA } from "../compared.ts";
import { formatDuration } from "../grammar/duration.ts";
import type { Condition, Plan, Stage, Trigger } from "../types.ts";
import { FAN_OUT_MS, OFF_WITHIN_MS, QUERY_DEADLINE_MS, boundOf, everyOf, lookbackOf } from "./bound.ts";
import { directionOf, reachOf } from "./reach.ts";
import type { Warn } from "./warn.ts";

/** What can be said of triggers, each one once. */
export function warnOfTriggers(plan: Plan, warn: Warn): void {
  const all = distinctTriggers(plan);
  for (const trigger of all) {
    warnOfReach(plan, trigger, warn);
    warnOfBound(plan, trigger, warn);
    warnOfPatience(plan, trigger, warn);
    warnOfSingleErrors(plan, trigger, warn);
    warnOfMissingControl(plan, trigger, warn);
    warnOfLaxAlpha(trigger, warn);
  }
  for (const stage of plan.stages) {
    if (!stage.triggers.some(({ action }) => action === "rollback")) {
      warn(stage, "nothing rolls this stage back by itself", "give spec.triggers at least one with `action: rollback`");
    }
  }
}

function distinctTriggers(plan: Plan): readonly Trigger[] {
  return [...new Set(plan.stages.flatMap((stage) => stage.triggers))];
}

const stagesOf = (plan: Plan, trigger: Trigger): readonly Stage[] =>
  plan.stages.filter((stage) => stage.triggers.includes(trigger));

function warnOfReach(plan: Plan, trigger: Trigger, warn: Warn): void {
  if (trigger.test.kind !== "condition") return;
  const { condition } = trigger.test;
  const metric = plan.metrics[condition.metric];
  const unit = metric?.unit ?? "none";
  const reach = reachOf(condition, unit);
  const range =
    unit === "ratio"
      ? "a ratio lies between 0 and 1: write 5%, or 0.05"
      : unit === "percent"
        ? "a percentage lies between 0 and 100"
        : "times and counts are never negative";
  if (reach === "never") warn(trigger, `"${condition.text}" can never be true`, range);
  if (reach === "always") warn(trigger, `"${condition.text}" is always true: it fires as soon as it can`, range);
}

function warnOfBound(plan: Plan, trigger: Trigger, warn: Warn): void {
  if (trigger.action !== "rollback") return;
  const { reactMs, forMs } = boundOf(plan, trigger);
  if (reactMs <= OFF_WITHIN_MS) return;
  const plus = forMs === 0 ? "" : ` (and its \`for\` of ${formatDuration(forMs)} before that)`;
  const mostMs = Math.floor((OFF_WITHIN_MS - QUERY_DEADLINE_MS - FAN_OUT_MS) / 1000) * 1000;
  warn(
    trigger,
    `from the breach being seen to off everywhere it can take ${formatDuration(reactMs)}${plus}, above ${formatDuration(OFF_WITHIN_MS)}`,
    `sample every ${formatDuration(mostMs)} or more often: ${tooSlow(plan, trigger, mostMs).join(" and ")}`,
  );
}

/** What makes a trigger's sampling slower than this; only a check has an `every` of its own. */
function tooSlow(plan: Plan, { test }: Trigger, mostMs: number): readonly string[] {
  const metric = test.kind === "condition" ? plan.metrics[test.condition.metric] : undefined;
  return [
    ...(plan.intervalMs > mostMs ? ["set `interval`"] : []),
    ...(metric !== undefined && everyOf(metric) > mostMs ? [`set the \`every\` of ${metric.name}`] : []),
  ];
}

function warnOfPatience(plan: Plan, trigger: Trigger, warn: Warn): void {
  const stages = stagesOf(plan, trigger);
  if (stages.length === 0 || trigger.forMs === 0) return;
  const armedMs = stages.reduce((sum, stage) => sum + Math.max(stage.durationMs, stage.timeoutMs ?? 0), 0);
  if (trigger.forMs <= armedMs) return;
  warn(
    trigger,
    `it needs ${formatDuration(trigger.forMs)} of breach and is armed for ${formatDuration(armedMs)}: it can hardly ever fire`,
    "shorten its `for`, or arm it in more stages",
  );
}

/** One error in so little traffic is a large share. */
function warnOfSingleErrors(plan: Plan, trigger: Trigger, warn: Warn): void {
  if (trigger.action === "notify" || trigger.test.kind !== "condition" || plan.trafficPerSecond === undefined) return;
  const { condition } = trigger.test;
  const share = shareThreshold(plan, condition);
  const metric = plan.metrics[condition.metric];
  const lookbackMs = lookbackOf(metric);
  if (metric === undefined || share === undefined || lookbackMs === undefined) return;
  const ofCohort = metric.source.kind === "sdk" && metric.source.cohort === "on";
  const percentage = ofCohort ? Math.min(...stagesOf(plan, trigger).map((stage) => stage.percentage)) : 100;
  const events = plan.trafficPerSecond * (lookbackMs / 1000) * (percentage / 100);
  if (metric.source.kind === "sdk" && metric.source.minEvents > 1 / share) return;
  if (1 / events < share) return;
  warn(
    trigger,
    `a single error can fire it: ${formatDuration(lookbackMs)} hold about ${plural(Math.max(1, Math.round(events)), "request")}${ofCohort ? ` of the ${percentage} % that have the flag` : ""}`,
    ofCohort
      ? "set the metric's `minEvents: 5`, or lengthen its `window`"
      : "lengthen the query's range, or demand a minimum: … and sum(increase(http_requests_total[5m])) > 100",
  );
}

/** The share from which an upward condition on a ratio or percentage is true. */
function shareThreshold(plan: Plan, condition: Condition): number | undefined {
  const unit = plan.metrics[condition.metric]?.unit;
  if (condition.threshold.kind !== "absolute" || directionOf(condition) !== "up" || condition.threshold.value <= 0)
    return undefined;
  return unit === "ratio"
    ? condition.threshold.value
    : unit === "percent"
      ? condition.threshold.value / 100
      : undefined;
}

/** More false alarms than this, 0…1, and people stop believing it. All comparisons of a plan that names no `alpha` have a fifth of it. */
const ALARM_ALPHA_MAX = 0.05;

function warnOfLaxAlpha(trigger: Trigger, warn: Warn): void {
  if (trigger.test.kind !== "compare" || trigger.action === "notify") return;
  const { alpha } = trigger.test.compare;
  if (alpha === undefined || alpha <= ALARM_ALPHA_MAX) return;
  warn(
    trigger,
    `with alpha ${alpha} it ${trigger.action === "rollback" ? "takes back" : "pauses"} up to ${shareText(alpha)} of rollouts that are healthy`,
    `leave \`alpha\` out: all comparisons together then do so in ${shareText(ROLLOUT_ALPHA)} at most`,
  );
}

/** `5 %` of 0.05. */
export const shareText = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** At 100 % there is nobody to compare with. */
function warnOfMissingControl(plan: Plan, trigger: Trigger, warn: Warn): void {
  if (trigger.test.kind !== "compare" || plan.holdbackPercentage > 0) return;
  const blind = stagesOf(plan, trigger).filter(({ percentage }) => percentage === 100);
  if (blind.length === 0) return;
  warn(
    trigger,
    `in stage ${blind.map(({ name }) => name).join(", ")} everybody has the flag, and there is nobody to compare with`,
    HOLDBACK_HINT,
  );
}

/** What gives the last stage somebody to compare with. */
export const HOLDBACK_HINT = "set `holdback: 1%`, which keeps one user in a hundred off until the last stage is done";

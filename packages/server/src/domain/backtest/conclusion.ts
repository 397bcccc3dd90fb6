import { measure, type BacktestTriggerView, type BacktestView } from "@rampart/core";
import { formatDuration } from "../plan/grammar/duration.ts";

/**
 * What comes of it, in some sentences: what would have stopped a rollout, how close the rest came, what is not known. `planIntervalMs`: how often a
 * rollout of the plan samples.
 */
export function conclusion(report: Omit<BacktestView, "summary" | "notes">, planIntervalMs: number): string {
  const sentences = [
    ...coarseness(report, planIntervalMs),
    ...blindness(report),
    ...stops(report),
    ...gaps(report),
    ...rollouts(report),
  ];
  return sentences.join(" ");
}

function stops({ triggers, from, to }: Pick<BacktestView, "triggers" | "from" | "to">): readonly string[] {
  const span = formatDuration(Date.parse(to) - Date.parse(from));
  const stopping = triggers.filter(({ action }) => action !== "notify");
  const fired = stopping.filter((one) => one.fired > 0);
  if (stopping.length === 0) return ["No trigger that stops a rollout can be judged by the past."];
  if (fired.length > 0) {
    return [
      ...fired.map(
        (one) =>
          `${one.name}${stagesOf(one, triggers)} would have ${WOULD[one.action]} ${times(one.fired)} in ${span}.`,
      ),
      "Where nothing was ramped then, each of these is a false alarm or an incident of something else: look at what happened, and at the limit and its `for`.",
    ];
  }
  const closest = stopping.flatMap((one) => closeness(one)).toSorted((a, b) => b.share - a.share)[0];
  return [`In ${span} no trigger would have stopped a rollout${closest === undefined ? "" : `; ${closest.text}`}.`];
}

/** How near a trigger came that did not fire. Share 1 and more: its condition was true, not for long enough. */
function closeness({
  name,
  longest,
  extreme,
  forMs,
  unit,
}: BacktestTriggerView): readonly { readonly share: number; readonly text: string }[] {
  if (longest !== undefined && forMs > 0) {
    const held = formatDuration(longest.ms);
    return [
      {
        share: 1 + longest.ms / forMs,
        text: `the closest was ${name}, true for ${held} of ${formatDuration(forMs)} at most`,
      },
    ];
  }
  if (extreme === undefined || extreme.threshold === 0) return [];
  const { value, threshold } = extreme;
  const share = value <= threshold ? value / threshold : threshold / value;
  return [{ share, text: `the closest was ${name}, at ${measure(value, unit)} of ${measure(threshold, unit)}` }];
}

function gaps({ gaps: all }: Pick<BacktestView, "gaps">): readonly string[] {
  const acting = all.filter(({ action }) => action !== "hold");
  if (acting.length === 0) return [];
  const metrics = [...new Set(acting.map(({ metric }) => metric))].join(", ");
  return [`Missing data (${metrics}) would have ${WOULD[acting[0]?.action ?? "hold"]} ${times(acting.length)}.`];
}

function rollouts({ rollouts: all }: Pick<BacktestView, "rollouts">): readonly string[] {
  if (all.length === 0) return [];
  const of = (outcome: string): number => all.filter((one) => one.outcome === outcome).length;
  const ended = ["completed", "rolledBack", "paused"].map(of);
  const [completed = 0, back = 0, paused = 0] = ended;
  const unfinished = all.length - completed - back - paused;
  const parts = [
    ...(completed === 0 ? [] : [`${completed} would have been completed`]),
    ...(back === 0 ? [] : [`${back} taken back${because(all, "rolledBack")}`]),
    ...(paused === 0 ? [] : [`${paused} paused${because(all, "paused")}`]),
    ...(unfinished === 0 ? [] : [`${unfinished} would not have been over yet`]),
  ];
  return [
    `Of ${all.length === 1 ? "1 rollout" : `${all.length} rollouts`} of the plan in that time ${parts.join(", ")}.`,
  ];
}

function because(all: BacktestView["rollouts"], outcome: string): string {
  const causes = all.flatMap((one) =>
    one.outcome === outcome && one.cause ? [`${one.cause.kind} ${one.cause.subject}`] : [],
  );
  const distinct = [...new Set(causes)];
  return distinct.length === 0 ? "" : ` (${distinct.join(", ")})`;
}

/** Whoever asks for a longer step may not see a firing that was one. */
function coarseness({ intervalMs }: Pick<BacktestView, "intervalMs">, planIntervalMs: number): readonly string[] {
  if (intervalMs <= planIntervalMs) return [];
  const [every, wanted] = [intervalMs, planIntervalMs].map(formatDuration);
  return [
    `Sampled every ${every} where the plan says ${wanted}: a \`for\` is judged that much more coarsely, and a firing that is shorter goes unseen.`,
  ];
}

/** Metrics of which too little was found for the rest to mean much. */
function blindness({ metrics }: Pick<BacktestView, "metrics">): readonly string[] {
  const never = metrics.filter(({ firstAt }) => firstAt === undefined);
  const nothing = never.filter(({ errors }) => errors === 0).map(({ name }) => name);
  const several = never.filter(({ errors }) => errors > 0).map(({ name }) => name);
  const hardly = metrics.filter(
    ({ firstAt, samples, noData, errors }) => firstAt !== undefined && (noData + errors) * 2 > samples,
  );
  return [
    ...(nothing.length === 0
      ? []
      : [`There is nothing of ${nothing.join(", ")} in that time: what uses it was not tried.`]),
    ...(several.length === 0
      ? []
      : [
          `There is no value of ${several.join(", ")} in that time, as the query gave several series: what uses it was not tried. Wrap it in sum(), max() or another aggregation.`,
        ]),
    ...(hardly.length === 0
      ? []
      : [`For more than half of the time there is no value of ${hardly.map(({ name }) => name).join(", ")}.`]),
  ];
}

/** Two stages can have triggers of one name that differ. */
function stagesOf({ name, stages }: BacktestTriggerView, all: readonly BacktestTriggerView[]): string {
  return all.filter((one) => one.name === name).length > 1 ? ` (${stages.join(", ")})` : "";
}

const WOULD = { rollback: "rolled back", pause: "paused", notify: "told people", hold: "held the percentage" } as const;

const times = (count: number): string => (count === 1 ? "once" : `${count.toLocaleString("en-US")} times`);

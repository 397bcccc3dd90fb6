import type { Pieces } from "../pieces.ts";
import type { Condition, Plan } from "../plan/types.ts";
import { conditionsOf } from "../rollout/conditions.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own } from "../rollout/lookup.ts";
import type { Sample } from "../rollout/sample.ts";
import type { RolloutState } from "../rollout/state.ts";
import { schedule, step } from "../rollout/step.ts";
import { judgeValue } from "../rollout/verdict.ts";
import type { MetricChange, Scenario } from "../simulate/scenario.ts";
import { changesOn, meanOver, type Grid, type History, type PastChange } from "./history.ts";

/** The history from an instant on, as a rollout that starts there would have met it. */
export interface Past {
  readonly scenario: Scenario;
  /** The rollout before anything happened: it knows its baselines. */
  readonly before: RolloutState;
}

/** What rollouts of a plan would have met, in which nobody does anything. */
export class Pasts {
  readonly #plan: Plan;
  readonly #history: History;
  readonly #grid: Grid;
  /** Of metrics that no condition compares with a moving baseline: the same for every start. */
  readonly #settled = new Map<string, readonly MetricChange[]>();

  constructor(plan: Plan, history: History, grid: Grid) {
    this.#plan = plan;
    this.#history = history;
    this.#grid = grid;
  }

  /** Of a rollout that starts at an instant of the grid; metric by metric. */
  *from(startAt: EpochMs): Pieces<Past> {
    const { to, from, everyMs } = this.#grid;
    const baselines = baselinesBefore(this.#plan, this.#history, { at: startAt, everyMs });
    const scheduled = schedule(this.#plan, { at: startAt, startAt, by: "backtest" }).state;
    const before = step(this.#plan, scheduled, { kind: "baselineCaptured", at: startAt, values: baselines }).state;
    const metrics: { [name: string]: readonly MetricChange[] } = {};
    for (const name of Object.keys(this.#history)) {
      metrics[name] = this.#changesOf(name, before);
      yield;
    }
    const scenario: Scenario = {
      startAt,
      metrics,
      metricsFrom: from,
      events: [],
      untilMs: to - startAt,
      baselines,
      assume: "nothing",
    };
    return { before, scenario };
  }

  #changesOf(name: string, before: RolloutState): readonly MetricChange[] {
    const settled = this.#settled.get(name);
    if (settled) return settled;
    const conditions = conditionsOf(this.#plan).flatMap(({ condition }) =>
      condition.metric === name ? [condition] : [],
    );
    const changes = marked(changesOn(this.#history, name, this.#grid), {
      from: this.#grid.from,
      toldBy: (sample) => toldBy(this.#plan, before, conditions, sample),
    });
    if (!conditions.some((condition) => hasMovingBaseline(this.#plan, condition))) this.#settled.set(name, changes);
    return changes;
  }
}

/** Whether a condition compares a metric with what it was before exposure. */
export function hasMovingBaseline(plan: Plan, { metric, threshold }: Condition): boolean {
  return threshold.kind !== "absolute" && own(plan.metrics, metric)?.baseline === undefined;
}

/** What each metric was in the plan's baseline window up to an instant: the mean of its samples. A running server asks for the mean of sixty of them. */
function baselinesBefore(
  plan: Plan,
  history: History,
  { at, everyMs }: { readonly at: EpochMs; readonly everyMs: number },
): { readonly [metric: string]: number | null } {
  const window = { from: at - Math.floor(plan.baselineWindowMs / everyMs) * everyMs, to: at, everyMs };
  return Object.fromEntries(
    Object.keys(history).map((name) => {
      const isAsked = conditionsOf(plan).some(
        ({ condition }) => condition.metric === name && hasMovingBaseline(plan, condition),
      );
      return [name, isAsked ? (meanOver(history, name, window) ?? null) : null];
    }),
  );
}

/** A metric's changes; those that no condition tells from the one before are marked. */
function marked(
  changes: readonly PastChange[],
  { from, toldBy }: { readonly from: EpochMs; readonly toldBy: (sample: Sample) => string },
): readonly MetricChange[] {
  let before: string | undefined;
  return changes.map(({ at, sample }) => {
    const says = toldBy(sample);
    const change = { atMs: Math.max(0, at - from), sample, alike: says === before };
    before = says;
    return change;
  });
}

/** What a sample says to conditions on its metric: the same text, the same verdicts. */
function toldBy(plan: Plan, state: RolloutState, conditions: readonly Condition[], sample: Sample): string {
  if (sample.kind !== "value") return `${sample.kind} ${sample.reason}`;
  return conditions.map((condition) => judgeValue(plan, state, condition, sample.value).kind).join(" ");
}

/** A sample that stands for `count` samplings in a row, the first of them at `at`. */
export interface Stretch {
  readonly at: EpochMs;
  readonly count: number;
  readonly sample: Sample;
}

const NOTHING: Sample = { kind: "noData", reason: "nothing is known of it" };

/** A metric's samples on a grid, without gaps between them. */
export function* stretchesOf(history: History, metric: string, grid: Grid): Generator<Stretch> {
  const { from, to, everyMs } = grid;
  const changes = changesOn(history, metric, grid);
  const countUpTo = (at: EpochMs, end: EpochMs): number => Math.max(0, Math.ceil((end - at) / everyMs));
  const endAt = from + Math.floor((to - from) / everyMs) * everyMs + everyMs;
  const firstAt = Math.max(from, Math.min(changes[0]?.at ?? endAt, endAt));
  if (firstAt > from) yield { at: from, count: countUpTo(from, firstAt), sample: NOTHING };
  for (const [index, { at, sample }] of changes.entries()) {
    const start = Math.max(from, at);
    const count = countUpTo(start, changes[index + 1]?.at ?? endAt);
    if (count > 0) yield { at: start, count, sample };
  }
}

import type { Pieces } from "../pieces.ts";
import type { Condition, Criterion, Plan, Stage, Trigger } from "../plan/types.ts";
import { conditionKey } from "../rollout/conditions.ts";
import type { RolloutRecord } from "../rollout/effect.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { simulating } from "../simulate/simulate.ts";
import type { Grid, History } from "./history.ts";
import { Pasts, stretchesOf } from "./past.ts";
import type { Backtest } from "./settings.ts";
import { tallyOf, type Streak, type Tally } from "./tally.ts";

/** A trigger as one or several stages have it. */
export interface WatchedTrigger {
  readonly trigger: Trigger;
  readonly condition: Condition;
  readonly stages: readonly string[];
  readonly tally: Tally;
  readonly firings: readonly Firing[];
}

/** When a trigger fired, and the streak that it fired for. */
export interface Firing {
  readonly at: EpochMs;
  readonly streak: Streak;
}

/** A criterion as one or several stages have it. */
export interface WatchedCriterion {
  readonly criterion: Criterion;
  readonly condition: Condition;
  readonly stages: readonly string[];
  readonly tally: Tally;
}

/** What was seen. */
export interface Watched {
  readonly triggers: readonly WatchedTrigger[];
  readonly criteria: readonly WatchedCriterion[];
  /** The instants at which missing data would have been acted upon. */
  readonly gaps: readonly RolloutRecord[];
}

/**
 * Plays the history against one stage that has the triggers and criteria of all, never ends, and whose triggers only tell: the reducer says
 * when they fire, and goes on.
 */
export function* watching({ plan, grid, stages: names }: Backtest, history: History): Pieces<Watched> {
  const stages = plan.stages.filter((stage) => names.includes(stage.name));
  const triggers = distinct(stages, (stage) => stage.triggers.flatMap(onCondition), triggerKey);
  const criteria = distinct(
    stages,
    (stage) => stage.criteria.flatMap(onCondition),
    ({ one }) => one.id,
  );
  const watched = watchedPlan(plan, {
    triggers: triggers.map(({ of }) => of.one),
    criteria: criteria.map(({ of }) => of.one),
    // It does not end before the history does.
    durationMs: 2 * (grid.to - grid.from),
  });
  // Triggers are armed by the sampling before the first: it sees nothing, and the first counts.
  const { scenario, before } = yield* new Pasts(watched, history, grid).from(grid.from - grid.everyMs);
  const { timeline } = yield* simulating(watched, scenario);
  const counted = { plan: watched, state: before, history, grid };
  const fired = timeline.filter(({ event }) => event === "triggerFired");
  const seen: { triggers: WatchedTrigger[]; criteria: WatchedCriterion[] } = { triggers: [], criteria: [] };
  for (const [index, { of, stages }] of triggers.entries()) {
    const { one: trigger, condition } = of;
    const tally = tallyOf(counted, { condition, forMs: trigger.forMs, towards: true });
    const mine = fired.filter(({ cause }) => cause?.subject === nameOf(index));
    seen.triggers.push({ trigger, condition, stages, tally, firings: firingsOf(mine, tally) });
    yield;
  }
  for (const { of, stages } of criteria) {
    const { one: criterion, condition } = of;
    const tally = tallyOf(counted, { condition, forMs: criterion.forMs, towards: false });
    seen.criteria.push({ criterion, condition, stages, tally });
    yield;
  }
  const missing = timeline.filter(({ event }) => event === "noData");
  return { ...seen, gaps: missing.flatMap((gap) => gapFrom(gap, history, grid)) };
}

/** The sampling before the first only arms the triggers: what it missed counts from the first on, and is no gap if it is back by then. */
function gapFrom(gap: RolloutRecord, history: History, grid: Grid): readonly RolloutRecord[] {
  const { cause } = gap;
  if (cause?.since === undefined || cause.since >= grid.from) return [gap];
  const at = gap.at + (grid.from - cause.since);
  const until = [...stretchesOf(history, cause.subject, { ...grid, to: Math.min(at, grid.to) })];
  if (at > grid.to || until.some(({ sample }) => sample.kind === "value")) return [];
  return [{ ...gap, at, cause: { ...cause, since: grid.from } }];
}

function firingsOf(records: readonly RolloutRecord[], { streaks }: Tally): readonly Firing[] {
  const bySince = new Map(streaks.map((streak) => [streak.since, streak]));
  return records.map(({ at, cause }) => {
    const streak = bySince.get(cause?.since ?? at);
    if (streak === undefined) throw new Error(`the reducer fired at ${at} for a streak that the history does not have`);
    return { at, streak };
  });
}

/** Two stages may have triggers of one name that differ: in the stage that is watched, a trigger's name is its index. */
const nameOf = (index: number): string => String(index);

function watchedPlan(
  plan: Plan,
  parts: {
    readonly triggers: readonly Trigger[];
    readonly criteria: readonly Criterion[];
    readonly durationMs: number;
  },
): Plan {
  const stage: Stage = {
    name: "watched",
    percentage: 100,
    durationMs: parts.durationMs,
    onTimeout: "pause",
    criteria: parts.criteria,
    checklist: [],
    approvals: [],
    triggers: parts.triggers.map((trigger, index) => ({ ...trigger, name: nameOf(index), action: "notify" })),
  };
  const { window: _, ...rest } = plan;
  return {
    ...rest,
    preconditions: [],
    stages: [stage],
    rollback: { checklist: [] },
    noData: "hold",
    holdbackPercentage: 0,
  };
}

interface OnCondition<T> {
  readonly one: T;
  readonly condition: Condition;
}

function onCondition<T extends Trigger | Criterion>(one: T): readonly OnCondition<T>[] {
  return one.test.kind === "condition" ? [{ one, condition: one.test.condition }] : [];
}

const triggerKey = ({ one: { name, forMs, action }, condition }: OnCondition<Trigger>): string =>
  JSON.stringify([name, conditionKey(condition), forMs, action]);

/** What the stages have, each once, with the names of those that have it. */
function distinct<T>(
  stages: readonly Stage[],
  partsOf: (stage: Stage) => readonly T[],
  keyOf: (one: T) => string,
): readonly { readonly of: T; readonly stages: readonly string[] }[] {
  const found = new Map<string, { readonly of: T; readonly stages: string[] }>();
  for (const stage of stages) {
    for (const one of partsOf(stage)) {
      const known = found.get(keyOf(one));
      if (known) known.stages.push(stage.name);
      else found.set(keyOf(one), { of: one, stages: [stage.name] });
    }
  }
  return [...found.values()];
}

import type { Condition, Plan } from "../plan/types.ts";
import type { EpochMs } from "../rollout/instant.ts";
import type { RolloutState } from "../rollout/state.ts";
import { judgeValue, type Verdict } from "../rollout/verdict.ts";
import type { Grid, History } from "./history.ts";
import { stretchesOf } from "./past.ts";

/** A value, what it was compared with, and when. */
export interface Extreme {
  readonly value: number;
  readonly threshold: number;
  readonly at: EpochMs;
}

/** A time without a break for which a condition was true. */
export interface Streak {
  readonly since: EpochMs;
  /** The last sample that it was true of: from the first to this one is what a `for` counts. */
  lastAt: EpochMs;
  /** A sample came that it was not true of. */
  hasEnded: boolean;
  peak: Extreme;
}

/** How a condition fared. */
export interface Tally {
  readonly samples: number;
  readonly trueSamples: number;
  readonly unknownSamples: number;
  /** At which it had been true for `forMs`. */
  readonly heldSamples: number;
  /** The earliest first. */
  readonly streaks: readonly Streak[];
  /** The furthest that the value went in the direction that was asked for. Undefined: the condition has no direction, or there is no value. */
  readonly extreme: Extreme | undefined;
}

/** What a tally is made of. `state`: knows the baselines. */
export interface Counted {
  readonly plan: Plan;
  readonly state: RolloutState;
  readonly history: History;
  readonly grid: Grid;
}

/** What is counted. */
export interface Question {
  readonly condition: Condition;
  readonly forMs: number;
  /** In which direction the extreme is looked for: where the condition is `true` (what a trigger fears), or where it is not (a criterion). */
  readonly towards: boolean;
}

/** Goes through the history of a condition's metric, with the verdicts of the reducer. */
export function tallyOf({ plan, state, history, grid }: Counted, { condition, forMs, towards }: Question): Tally {
  const counts = { samples: 0, trueSamples: 0, unknownSamples: 0, heldSamples: 0 };
  const streaks: Streak[] = [];
  let current: Streak | undefined;
  let extreme: Extreme | undefined;
  for (const { at, count, sample } of stretchesOf(history, condition.metric, grid)) {
    const verdict = sample.kind === "value" ? judgeValue(plan, state, condition, sample.value) : UNKNOWN;
    counts.samples += count;
    if (verdict.kind === "inconclusive" || verdict.kind === "error") counts.unknownSamples += count;
    else if (isFurther(condition, towards, extreme?.value, verdict.value)) extreme = extremeOf(verdict, at);
    if (verdict.kind !== "pass") {
      if (current) current.hasEnded = true;
      current = undefined;
      continue;
    }
    counts.trueSamples += count;
    const lastAt = at + (count - 1) * grid.everyMs;
    if (current === undefined) {
      current = { since: at, lastAt, hasEnded: false, peak: extremeOf(verdict, at) };
      streaks.push(current);
    } else if (isFurther(condition, true, current.peak.value, verdict.value)) current.peak = extremeOf(verdict, at);
    current.lastAt = lastAt;
    const missing = Math.ceil((current.since + forMs - at) / grid.everyMs);
    counts.heldSamples += Math.max(0, count - Math.max(0, missing));
  }
  return { ...counts, streaks, extreme };
}

const UNKNOWN: Verdict = { kind: "inconclusive", reason: "no value" };

function extremeOf({ value, threshold }: Omit<Extreme, "at">, at: EpochMs): Extreme {
  return { value, threshold, at };
}

function isFurther(
  { operator }: Condition,
  towards: boolean,
  ...[before, now]: readonly [before: number | undefined, now: number]
): boolean {
  switch (operator) {
    case ">":
    case ">=":
      return before === undefined || (towards ? now > before : now < before);
    case "<":
    case "<=":
      return before === undefined || (towards ? now < before : now > before);
    case "==":
    case "!=":
      return false;
  }
}

import { decide, KEY_MISSING, type World } from "../evaluation/decide.ts";
import type { CompiledFlag } from "../evaluation/flag.ts";
import { needsBucket } from "../evaluation/serve.ts";
import { Trace } from "../evaluation/trace.ts";
import { BOOLEAN_TABLE, ON } from "../evaluation/variants.ts";
import { unitOf } from "./units.ts";

/** Where a boolean flag puts a user, as measuring sees it. */
export interface Draw {
  /** What `isEnabled` gives with the default `false`. */
  readonly isOn: boolean;
  /** False for whoever got a default, or the off variant of a lease that is over: comparing them would mislead. */
  readonly isInCohort: boolean;
  /** The user's unit, where the flag's own percentage put them where they are; undefined: a target, a rule, a prerequisite or a fixed value did. */
  readonly unit: number | undefined;
  /** The flag's percentage, in thousandths of a percent. */
  readonly thousandths: number;
  /** What the flag is measured by; undefined: nothing. */
  readonly measures: readonly string[] | undefined;
}

/** For whom there is no value. */
export const NOT_DRAWN: Draw = {
  isOn: false,
  isInCohort: false,
  unit: undefined,
  thousandths: 0,
  measures: undefined,
};

/** Never throws, whatever the user is. */
export function draw(flag: CompiledFlag, user: unknown, world: World): Draw {
  if (flag.variants !== BOOLEAN_TABLE) return NOT_DRAWN;
  const trace = new Trace({ explain: false });
  let variant: number;
  try {
    variant = decide(flag, user, world, trace);
  } catch {
    return NOT_DRAWN;
  }
  if (variant === KEY_MISSING) return NOT_DRAWN;
  const { hash, ruleId, reason } = trace;
  return {
    isOn: variant === ON,
    isInCohort: reason !== "STALE",
    unit: hash === undefined || ruleId !== undefined ? undefined : unitOf(hash),
    thousandths: thousandthsOfFlag(flag),
    measures: flag.targeting.measures,
  };
}

/** The share of buckets that are on, where the flag is a matter of on and off by percentage; 0 where it isn't. */
function thousandthsOfFlag({ fallthrough: { first, more, limit } }: CompiledFlag): number {
  return first === ON && more === undefined ? limit : 0;
}

/** The percentage that units are divided by now, in thousandths of a percent; undefined while everybody, or nobody, is on. */
export function dividingThousandths(flag: CompiledFlag): number | undefined {
  const { enabled, fallthrough } = flag;
  const isDivided = flag.variants === BOOLEAN_TABLE && enabled && needsBucket(fallthrough);
  const thousandths = thousandthsOfFlag(flag);
  return isDivided && thousandths > 0 ? thousandths : undefined;
}

import type { EvaluationsView, EvaluationTotals } from "@rampart/core";
import { instantOf } from "./instant.ts";
import type { EpochMs } from "./records.ts";

/** What evaluations are counted by. */
export const HOUR_MS = 3_600_000;

/** How long an hour's counts are kept: as far back as a flag's chart goes. */
export const EVALUATIONS_KEPT_MS = 30 * 24 * HOUR_MS;

/** Evaluations that gave the caller's default, where a variant would have its name: no variant has this one. */
export const NO_VARIANT = "";

/** The most that is ever counted of one flag, outcome and hour: what programs can still tell from one more. */
export const EVALUATION_COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** How often a flag gave one variant (or `NO_VARIANT`) in one hour. */
export interface EvaluationRow {
  readonly flag: string;
  readonly environment: string;
  /** When the hour began. */
  readonly hour: EpochMs;
  readonly variant: string;
  readonly count: number;
  /** When the last of it was reported. */
  readonly lastAt: EpochMs;
}

/** A flag in an environment. */
export type FlagIn = Pick<EvaluationRow, "flag" | "environment">;

/** The beginning of the hour that an instant is in. */
export const hourOf = (at: EpochMs): EpochMs => at - (at % HOUR_MS);

/** Both together; rows of one flag, environment, hour and variant become one. */
export function addedUp(some: Iterable<EvaluationRow>, more: Iterable<EvaluationRow> = []): Map<string, EvaluationRow> {
  const all = new Map<string, EvaluationRow>();
  for (const rows of [some, more]) {
    for (const row of rows) {
      const key = JSON.stringify([row.flag, row.environment, row.hour, row.variant]);
      const { count, lastAt } = all.get(key) ?? { count: 0, lastAt: 0 };
      all.set(key, {
        ...row,
        count: Math.min(count + row.count, EVALUATION_COUNT_MAX),
        lastAt: Math.max(lastAt, row.lastAt),
      });
    }
  }
  return all;
}

/** For people: `rows` are of the flag and of the hours from `from` to `to`, in any order. */
export function evaluationsView(
  { flag, environment }: FlagIn,
  of: {
    readonly from: EpochMs;
    readonly to: EpochMs;
    readonly lastAt: EpochMs | undefined;
    readonly rows: readonly EvaluationRow[];
  },
): EvaluationsView {
  const { from, to, lastAt, rows } = of;
  const hours = [...new Set(rows.map(({ hour }) => hour))].toSorted((a, b) => a - b);
  return {
    flag,
    environment,
    from: instantOf(from),
    to: instantOf(to),
    total: rows.reduce((sum, { count }) => sum + count, 0),
    ...totalsOf(rows),
    ...(lastAt === undefined ? {} : { lastEvaluatedAt: instantOf(lastAt) }),
    hours: hours.map((at) => ({ at: instantOf(at), ...totalsOf(rows.filter(({ hour }) => hour === at)) })),
  };
}

function totalsOf(rows: readonly EvaluationRow[]): EvaluationTotals {
  const sums = new Map<string, number>();
  for (const { variant, count } of rows) sums.set(variant, (sums.get(variant) ?? 0) + count);
  const defaults = sums.get(NO_VARIANT) ?? 0;
  sums.delete(NO_VARIANT);
  return { variants: Object.fromEntries(sums), defaults };
}

import type { EpochMs } from "../domain/records.ts";

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

/** Where it is kept how often flags were asked for. Several servers add to the same rows. */
export interface EvaluationStore {
  /** Adds to what is there, all or nothing of it. No two rows are of the same flag, environment, hour and variant. */
  addEvaluations(rows: readonly EvaluationRow[]): Promise<void>;
  /** Of the hours that begin from `from` on and before `to`; by hour, then variant. */
  evaluations(of: FlagIn, range: { readonly from: EpochMs; readonly to: EpochMs }): Promise<readonly EvaluationRow[]>;
  /** When each was last asked for, in their order; undefined: nothing is kept of it. */
  lastEvaluations(flags: readonly FlagIn[]): Promise<readonly (EpochMs | undefined)[]>;
  /** Takes away hours that began before, at most `limit` rows. Gives how many it took. */
  pruneEvaluations(before: EpochMs, limit: number): Promise<number>;
}

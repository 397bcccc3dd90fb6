import type { EvaluationRow, FlagIn } from "../domain/evaluations.ts";
import type { EpochMs } from "../domain/records.ts";

export { EVALUATION_COUNT_MAX, NO_VARIANT } from "../domain/evaluations.ts";
export type { EvaluationRow, FlagIn } from "../domain/evaluations.ts";

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

import type { EpochMs } from "../domain/records.ts";

/** Something that lives in memory, as it was at one moment. */
export interface Checkpoint {
  readonly key: string;
  readonly body: Uint8Array;
  readonly savedAt: EpochMs;
}

/** Where what lives in memory is kept over a restart. The newest of each key is all that is kept. */
export interface CheckpointStore {
  /** With a `fence`, the number of the evaluator's lease, nothing is stored once another server has a later one. */
  saveCheckpoint(checkpoint: Checkpoint, fence?: number): Promise<void>;
  /** Unknown keys are gone already. */
  dropCheckpoints(keys: readonly string[]): Promise<void>;
  /** By key. */
  checkpoints(): Promise<readonly Checkpoint[]>;
}

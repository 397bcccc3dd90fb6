/** How long the other servers can find a batch: a checkpoint of what came before it is written far more often. */
export const BATCHES_KEPT_MS = 120_000;

/** Batches that are handed out at a time. */
export const BATCHES_READ_MAX = 100;

/** What SDKs reported to one server within a second. */
export interface ReportBatch {
  /** Of the server's process, unlike any other. */
  readonly instance: string;
  /** Rises with each batch of the process. */
  readonly seq: number;
  readonly body: Uint8Array;
}

/** Where servers on one store leave for each other what SDKs reported to them. */
export interface ReportLog {
  /** Stores a batch. One that is there already, because nobody heard that it was stored, is left as it is. */
  append(batch: ReportBatch): Promise<void>;
  /**
   * Batches of all servers that are still kept, in the order in which each server stored them: those after the number known of their
   * server, all of a server of which none is known; `BATCHES_READ_MAX` of them at most.
   */
  since(known: ReadonlyMap<string, number>): Promise<readonly ReportBatch[]>;
}

import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { EvaluationStore } from "../ports/evaluation-store.ts";
import type { DrillBook } from "../ports/drill-book.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { ReportLog } from "../ports/report-log.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import type { ClientsExchange, ClientsExchangeParts } from "./clients-exchange.ts";
import type { ExchangeParts } from "./receipts-exchange.ts";

/** A store that is open, and what belongs to it. */
export interface OpenedStorage {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  readonly evaluations: EvaluationStore;
  /** It has no token yet. */
  readonly isFresh: boolean;
  /** Where the first tokens are written. */
  readonly folder: string;
  /** The other servers on the same store; undefined: there can be none. */
  readonly shared?: SharedStorage;
  readonly close: () => Promise<void>;
}

/** What servers on one database do together. */
export interface SharedStorage {
  readonly replicaId: string;
  readonly leadership: Leadership;
  readonly drills: DrillBook;
  /** Of this process, unlike any other. */
  readonly instance: string;
  /** What SDKs reported to each of them. */
  readonly reports: ReportLog;
  /** Begins to try for the evaluator's lease, and to hear of what other servers commit; undefined: any environment may have changed. */
  start(onChange: (environment: string | undefined) => void): void;
  /** Counts receipts together with the others. Returns what stops it. */
  countTogether(hub: ExchangeParts["hub"]): () => Promise<void>;
  /** Lists clients together with the others, until it is stopped. */
  listTogether(hub: ClientsExchangeParts["hub"]): ClientsExchange;
  /** Lets another server evaluate at once. Never rejects. */
  standDown(): Promise<void>;
}

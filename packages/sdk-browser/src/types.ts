import type {
  Branches,
  ClientEvents,
  ClientSignature,
  ClientStatus,
  EvaluationDetails,
  FlagKey,
  InitResult,
  JsonValue,
  Measurement,
  User,
} from "@rampart/core";

/** Where a browser client stands. `tab`: another tab of this origin has the connection, and passes on what it hears. */
export interface BrowserStatus extends Omit<ClientStatus, "transport"> {
  readonly transport: ClientStatus["transport"] | "tab";
}

/** What `track` takes: a number that was measured, or whether it went wrong. */
export interface TrackDetails {
  readonly value?: number;
  readonly failed?: boolean;
}

/**
 * The surface of every SDK with the context bound. No call throws or rejects for a reason of its own; `run` passes its branch's errors
 * through.
 */
export interface BrowserClient {
  /** Connects. Resolves with the first current values, or after `timeoutMs` (2,000) with what there is; the client goes on trying. Call it as often as you like. */
  init(options?: { readonly timeoutMs?: number }): Promise<InitResult>;
  /** Whether a boolean flag is on; the default (false) where there is no such flag, or where it is not boolean. Never waits. */
  isEnabled(flag: FlagKey, defaultValue?: boolean): boolean;
  /** The flag's value; the default where there is no such flag, or where its value is of another type. */
  variation(flag: FlagKey, defaultValue: string): string;
  variation(flag: FlagKey, defaultValue: number): number;
  variation(flag: FlagKey, defaultValue: boolean): boolean;
  variation<T extends JsonValue>(flag: FlagKey, defaultValue: T): T;
  /** As `variation`, with how it came about: variant, reason, error code, revision. */
  evaluate(flag: FlagKey, defaultValue: string): EvaluationDetails<string>;
  evaluate(flag: FlagKey, defaultValue: number): EvaluationDetails<number>;
  evaluate(flag: FlagKey, defaultValue: boolean): EvaluationDetails<boolean>;
  evaluate<T extends JsonValue>(flag: FlagKey, defaultValue: T): EvaluationDetails<T>;
  /** Runs `on` or `off`, as the flag is, and gives back what it gives. How long it took, and whether it threw or rejected, counts for the user's cohort. */
  run<T>(flag: FlagKey, branches: Branches<T>): T;
  /** For code that can't be wrapped: measures from here to `done` as `run` would. A measurement that is never done is never counted. */
  measure(flag: FlagKey): Measurement;
  /** Counts an event, also in the user's cohort of each flag that may be under a rollout. */
  track(metric: string, details?: TrackDetails): void;
  /**
   * Asks for the values of another context. Until they come, those of the old one stay where it has the same targeting key; for anybody
   * else there are none. Resolves as `init` does.
   */
  setContext(context: User, options?: ContextOptions): Promise<InitResult>;
  /** Calls `listener` with each such event, until the function that it gives back is called. */
  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): () => void;
  /** How the client stands now. */
  status(): BrowserStatus;
  /** Ends the connection; what was measured goes out at once. Values can still be read. Idempotent. */
  close(): Promise<void>;
}

/** What `setContext` takes besides the context. */
export interface ContextOptions {
  readonly timeoutMs?: number;
  /** Where the key demands it: proof of the context, made on the application's server. */
  readonly secure?: ClientSignature;
}

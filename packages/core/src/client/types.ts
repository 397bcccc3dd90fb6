import type { EvaluationDetails } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";

/**
 * Flag keys and their types, for callers who want them checked. Empty here; augment it:
 *
 * ```ts
 * declare module "@rampart/sdk-node" { interface FlagTypes { sliceB_documents: boolean } }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface FlagTypes {}

/** A declared flag key, or any string while none is declared. */
export type FlagKey = keyof FlagTypes extends never ? string : keyof FlagTypes & string;

/** Where a client stands with its server. */
export type ClientState =
  | "idle" // init was not called yet
  | "connecting" // no value from the server yet, in this process
  | "ready" // in contact, values current
  | "stale" // values from a cache or from before the contact was lost
  | "failed" // the server refused the key; values stay as they are
  | "closed";

/** How `init` ended. It never rejects; `revision` is 0 while there are no values. */
export interface InitResult {
  /** `ready`: current values. `stale`: values from a cache or bootstrap, the server not reached. `timeout`: no values yet, still trying. `failed`: refused. */
  readonly status: "ready" | "stale" | "timeout" | "failed";
  readonly revision: number;
  readonly message?: string;
}

/** How the client stands at this moment. `epoch` is undefined, and `revision` 0, until it has values. */
export interface ClientStatus {
  readonly state: ClientState;
  readonly epoch: string | undefined;
  readonly revision: number;
  /** Milliseconds since the server was last heard of; undefined: never; `Infinity`: the machine slept since. */
  readonly lastContactMs: number | undefined;
  readonly transport: "none" | "stream" | "poll";
}

/** What listeners are given, by the name of the event. */
export interface ClientEvents {
  /** The values are the server's current ones, for the first time or again. */
  ready: { readonly revision: number };
  /** Flags whose definition changed, in one atomic step. */
  change: { readonly revision: number; readonly flags: readonly string[]; readonly urgent: boolean };
  /** The server is lost; values stay as they are, subject to their leases. `sinceMs`: how long nothing was heard of it, milliseconds. */
  stale: { readonly sinceMs: number };
  /** Something went wrong that the application may want to log. `code` is stable, `message` is for people; neither holds a secret. */
  error: { readonly code: string; readonly message: string };
}

/** What `run` is given: the two ways of doing it. */
export interface Branches<T> {
  readonly on: () => T;
  readonly off: () => T;
}

/** A call that is under way. */
export interface Measurement {
  /** Which of the two ways to go. */
  readonly on: boolean;
  /** It is over. Further calls do nothing. */
  done(outcome?: { readonly failed?: boolean }): void;
}

/** The client's surface, the same in every SDK. No call throws or rejects for a reason of its own; `run` passes its branch's errors through. */
export interface FlagClient {
  /** Connects. Resolves with the first current values, or after `timeoutMs` (2,000) with what there is; the client goes on trying. Call it as often as you like. */
  init(options?: { readonly timeoutMs?: number }): Promise<InitResult>;
  /** Whether a boolean flag is on for the user; the default (false) where there is no such flag, or where it is not boolean. Never waits. */
  isEnabled(flag: FlagKey, user: User, defaultValue?: boolean): boolean;
  /** The flag's value for the user; the default where there is no such flag, or where its values are of another type. */
  variation(flag: FlagKey, user: User, defaultValue: string): string;
  variation(flag: FlagKey, user: User, defaultValue: number): number;
  variation(flag: FlagKey, user: User, defaultValue: boolean): boolean;
  variation<T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T): T;
  /** As `variation`, with how it came about: variant, reason, error code, revision. */
  evaluate(flag: FlagKey, user: User, defaultValue: string): EvaluationDetails<string>;
  evaluate(flag: FlagKey, user: User, defaultValue: number): EvaluationDetails<number>;
  evaluate(flag: FlagKey, user: User, defaultValue: boolean): EvaluationDetails<boolean>;
  evaluate<T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T): EvaluationDetails<T>;
  /**
   * Runs `on` or `off`, as the flag is for the user, and gives back what it gives. How long it took, and whether it threw or rejected, counts
   * for the user's cohort.
   */
  run<T>(flag: FlagKey, user: User, branches: Branches<T>): T;
  /**
   * For code that can't be wrapped: evaluates the flag, and measures from here to `done` as `run` would. A measurement that is never done
   * is never counted.
   */
  measure(flag: FlagKey, user: User): Measurement;
  /**
   * Counts an event of a user. `value`: what was measured of it, such as milliseconds or a sum of money; `failed`: it was one that must not
   * happen. For flags under a rollout that watches the metric, it counts for the user's cohort.
   */
  track(metric: string, user: User, details?: { readonly value?: number; readonly failed?: boolean }): void;
  /** Calls `listener` with each such event, until the function that it gives back is called. */
  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): () => void;
  /** How the client stands now. */
  status(): ClientStatus;
  /** Ends the connection, once what was measured is sent; within two seconds, whatever the server does. Values can still be read. Idempotent. */
  close(): Promise<void>;
}

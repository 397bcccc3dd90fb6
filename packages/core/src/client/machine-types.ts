import type { Goodbye } from "../wire/types.ts";

/** Durations of the connection, all in milliseconds. */
export interface MachineConfig {
  /** The first retry comes within this time; the ceiling doubles with each failure. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** From the request to the response's headers. Three of these and three first retries stay below a 25 s lease. */
  readonly openTimeoutMs: number;
  /** From the headers to the first byte. A proxy that buffers lets headers pass and holds the rest. */
  readonly firstByteMs: number;
  /** From the first byte to the first whole frame: a large snapshot over a slow line is not a dead stream, as long as bytes come. */
  readonly firstFrameMs: number;
  /**
   * Without any frame, before the first one without any byte, for this long the stream is taken for dead: two heartbeats missed, and a bit. What a line
   * held back for longer is too old to begin with.
   */
  readonly watchdogMs: number;
  /** A stream that lived this long has proven itself: failures are forgotten. Shorter lives go on backing off. */
  readonly settleMs: number;
  readonly pollIntervalMs: number;
  /** Failures of the stream after which polling begins. */
  readonly pollAfterFailures: number;
  /** A refused key is tried again after this time, in case the refusal was a mistake that was put right. */
  readonly refusedRetryMs: number;
  /** A server can't send a client away for longer than this. */
  readonly retryAfterMaxMs: number;
}

/** The durations of every SDK; `MachineConfig` says what each is for. */
export const OPEN_TIMEOUT_MS = 5_000;
/** From the headers to the first byte, milliseconds. */
export const FIRST_BYTE_MS = 3_000;
/** A stream that is silent for this long is taken for dead, milliseconds. */
export const WATCHDOG_MS = 12_000;
/** A stream that lives this long is forgiven the failures before it, milliseconds. */
export const SETTLE_MS = 10_000;
/** Between two polls, milliseconds. */
export const POLL_INTERVAL_MS = 10_000;
/** Failures of the stream in a row, after which the client polls. */
export const POLL_AFTER_FAILURES = 3;
/** Until a refused key is tried again, milliseconds. */
export const REFUSED_RETRY_MS = 300_000;
/** The longest that a server can send a client away for, milliseconds. */
export const RETRY_AFTER_MAX_MS = 300_000;
/** Between attempts to connect: the first ceiling, and the last. */
export const BACKOFF: Pick<MachineConfig, "backoffBaseMs" | "backoffMaxMs"> = {
  backoffBaseMs: 1_000,
  backoffMaxMs: 30_000,
};

/** The durations that every SDK runs with; tests shorten them. */
export const MACHINE_DEFAULTS: MachineConfig = {
  ...BACKOFF,
  openTimeoutMs: OPEN_TIMEOUT_MS,
  firstByteMs: FIRST_BYTE_MS,
  firstFrameMs: 60_000,
  watchdogMs: WATCHDOG_MS,
  settleMs: SETTLE_MS,
  pollIntervalMs: POLL_INTERVAL_MS,
  pollAfterFailures: POLL_AFTER_FAILURES,
  refusedRetryMs: REFUSED_RETRY_MS,
  retryAfterMaxMs: RETRY_AFTER_MAX_MS,
};

/** Where the one stream is. */
export type StreamState =
  | { readonly kind: "opening" }
  /** Headers came, no byte of the body yet. */
  | { readonly kind: "silent" }
  /** Bytes came, no whole frame yet. */
  | { readonly kind: "filling" }
  | { readonly kind: "live"; readonly settled: boolean }
  /** No stream; the `retry` timer runs. */
  | { readonly kind: "waiting" };

/** Polling, beside a stream that does not come. */
export type FallbackState =
  | { readonly kind: "off" }
  /** The `poll` timer runs. */
  | { readonly kind: "waiting" }
  | { readonly kind: "polling" };

/**
 * How the client stands with its server. `unknown`: nothing was heard yet. A single quick reconnect does not make a good
 * standing `lost`; a second failure, a stream that fell silent or a suspended machine does.
 */
export type Standing = "unknown" | "good" | "lost" | "refused";

/** Where the connection stands as a whole. `closed` is final. */
export type MachineState =
  | { readonly kind: "idle" }
  | {
      readonly kind: "running";
      readonly stream: StreamState;
      readonly fallback: FallbackState;
      /** Of the stream, since one last settled. */
      readonly failures: number;
      readonly standing: Standing;
    }
  | { readonly kind: "closed" };

/** Timers are known by name: setting one again replaces it. */
export type TimerName = "retry" | "deadline" | "settle" | "poll";

/** Why a request failed, as far as it matters here. No status: the network failed, or the answer made no sense. */
export interface Failure {
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** What happened. */
export type MachineInput =
  | { readonly kind: "start" }
  | { readonly kind: "streamOpened" }
  /** Bytes of the stream's body, whole frame or not. */
  | { readonly kind: "streamBytes" }
  | { readonly kind: "streamFrame" }
  /** The stream is over and needs no closing. */
  | ({ readonly kind: "streamFailed" } & Failure)
  /** The stream's content does not fit what the client holds: start it again. */
  | { readonly kind: "resync" }
  | { readonly kind: "goodbye"; readonly reason: Goodbye["reason"]; readonly retryAfterMs: number }
  | { readonly kind: "pollSucceeded" }
  | { readonly kind: "pollNotModified" }
  | ({ readonly kind: "pollFailed" } & Failure)
  | { readonly kind: "timer"; readonly timer: TimerName }
  /** The wall clock and the monotonic clock parted: the machine slept, or its clock was set. */
  | { readonly kind: "suspended" }
  | { readonly kind: "close" };

/** What happened, with a number drawn for it, uniform in 0…1. */
export type MachineEvent = MachineInput & { readonly random: number };

/** What to do, in this order. A timer that is set again is moved. */
export type MachineAction =
  | { readonly kind: "openStream" }
  | { readonly kind: "closeStream" }
  | { readonly kind: "poll" }
  | { readonly kind: "abortPoll" }
  | { readonly kind: "setTimer"; readonly timer: TimerName; readonly afterMs: number }
  | { readonly kind: "cancelTimer"; readonly timer: TimerName };

/** What one event does to the machine: its next state, and what is to be done, in this order. */
export interface Step {
  readonly state: MachineState;
  readonly actions: readonly MachineAction[];
}

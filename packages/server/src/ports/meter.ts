/** Why the hub let go of a stream. */
export type StreamEnd = "client" | "slow" | "revoked" | "shutdown" | "expired" | "unconfirmed";

/** Why a stream was not accepted. */
export type StreamRefusal = "storm" | "full" | "draining" | "behind";

/**
 * The legs of a rollout's way from what a metric says to what is durable: how old a value is when it is sampled (`sampleAge`), asking for it
 * (`ask`), from having it, or from a command, signal or alert, to what follows from it (`decide`), and to its being stored (`commit`).
 */
export type RolloutLeg = "sampleAge" | "ask" | "decide" | "commit";

/**
 * The legs of an urgent change from what a metric says to the last client: how old the value was (`dataAge`), from asking for it, or from the
 * command, to the decision (`decide`), to its being stored (`commit`), from the commit to the last socket write (`write`), and from there to
 * each client's having applied it (`apply`). The first three only of rollouts.
 */
export type RollbackLeg = "dataAge" | "decide" | "commit" | "write" | "apply";

/**
 * What the server counts about itself. Intention-named, so that those who report need to know no metrics library.
 * All durations are in seconds, as Prometheus wants them.
 */
export interface Meter {
  streamOpened(environment: string): void;
  streamClosed(environment: string, end: StreamEnd): void;
  streamRefused(refusal: StreamRefusal): void;
  /** A consumer that fell so far behind that frames were left out. */
  consumerSlow(environment: string): void;
  /** One change handed to every stream: seconds from its commit to the last socket write. */
  fannedOut(environment: string, seconds: number): void;
  /** How late a heartbeat slot ran. */
  heartbeatLag(seconds: number): void;
  /** Seconds from an urgent change's commit to one client's receipt. */
  acknowledged(environment: string, seconds: number): void;
  /** A write that is stored; `action` as in the audit. */
  committed(action: string): void;
  /** The revision that streams and polls are served. */
  revision(environment: string, revision: number): void;
  storeFailed(operation: string): void;
  /** An answered request. `path` is the route's, not the caller's, so that there is a bounded number of them. */
  requested(method: string, path: string, status: number, seconds: number): void;
  /** An SDK's read that was answered past the router. Counted, not timed: a clock would cost as much as the answer. */
  readServed(path: string): void;
  /** Runs of a flag's branches that SDKs reported. */
  ran(
    environment: string,
    flag: string,
    cohort: "on" | "off",
    runs: { readonly count: number; readonly failures: number; readonly latencySumMs: number },
  ): void;
  /** Calls that SDKs reported and that could not be counted. */
  eventsDropped(environment: string, count: number): void;
  /** Evaluations that are in no count of their flag. */
  evaluationsDropped(environment: string, count: number): void;
  /** A rollout that this server looks after went from one status to another; undefined: it was not looked after before, or isn't any more. */
  rolloutMoved(from: string | undefined, to: string | undefined): void;
  rolloutLeg(leg: RolloutLeg, seconds: number): void;
  rollbackLeg(leg: RollbackLeg, seconds: number): void;
  /** An alert of another system came in; `outcome` is what came of it. */
  alerted(outcome: string): void;
  /** A notification was delivered, failed and will be tried again, or was given up. */
  notified(outcome: "sent" | "failed" | "dead"): void;
}

/** Counts nothing. */
export const silentMeter: Meter = {
  streamOpened: () => undefined,
  streamClosed: () => undefined,
  streamRefused: () => undefined,
  consumerSlow: () => undefined,
  fannedOut: () => undefined,
  heartbeatLag: () => undefined,
  acknowledged: () => undefined,
  committed: () => undefined,
  revision: () => undefined,
  storeFailed: () => undefined,
  requested: () => undefined,
  readServed: () => undefined,
  ran: () => undefined,
  eventsDropped: () => undefined,
  evaluationsDropped: () => undefined,
  rolloutMoved: () => undefined,
  rolloutLeg: () => undefined,
  rollbackLeg: () => undefined,
  alerted: () => undefined,
  notified: () => undefined,
};

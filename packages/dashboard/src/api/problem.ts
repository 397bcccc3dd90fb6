import type { Problem } from "@rampart/core";

/** Why a call did not do what it should, in words for people. */
export interface Failure {
  /** `unreachable`: no answer came. `signedOut`: the session is over. `refused`: the server answered with a problem. */
  readonly kind: "unreachable" | "signedOut" | "refused";
  readonly detail: string;
  readonly hint?: string;
  readonly code?: string;
  readonly status?: number;
  readonly errors?: Problem["errors"];
  /** Somebody else was faster: where what they left differs from what was seen here. */
  readonly differences?: Problem["differences"];
}

/** Thrown by calls; `failure` says why. */
export class CallError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.name = "CallError";
    this.failure = failure;
  }
}

/** The failure behind whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof CallError) return thrown.failure;
  return { kind: "unreachable", detail: thrown instanceof Error ? thrown.message : String(thrown) };
}

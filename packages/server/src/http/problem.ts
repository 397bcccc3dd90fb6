import type { Problem } from "@rampart/core";
import type { Refusal } from "../domain/problems.ts";
import type { ProblemCode } from "./codes.ts";
import { CODES } from "./codes.ts";
import type { Reply } from "./reply.ts";

/** A failure with all that the caller is told of it. */
export interface Failure extends Omit<Refusal, "code"> {
  readonly code: ProblemCode;
}

/** Ends a request with a problem, from where there is no way to return one. Expected: not logged as an error. */
export class ProblemError extends Error {
  readonly failure: Failure;
  readonly headers: { readonly [name: string]: string };

  constructor(failure: Failure, headers: { readonly [name: string]: string } = {}) {
    super(failure.detail);
    this.name = "ProblemError";
    this.failure = failure;
    this.headers = headers;
  }
}

/** The `application/problem+json` answer to a failure. */
export function problemReply(failure: Failure, headers: { readonly [name: string]: string } = {}): Reply {
  const { status, title } = CODES[failure.code];
  const { code, detail, ...rest } = failure;
  const problem: Problem = { type: `/docs#${code}`, title, status, detail, code, ...rest };
  return { status, headers: { "content-type": "application/problem+json", ...headers }, body: JSON.stringify(problem) };
}

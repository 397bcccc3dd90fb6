import type { Problem } from "@rampart/core";
import { CallError, type Failure } from "./problem.ts";

/** A call that takes longer than this is taken for lost: whoever waits at 3 a.m. has to know. */
const TIMEOUT_MS = 10_000;

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Calls the API in the name of whoever is signed in. Rejects with a `CallError`. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const response = await reach(method, path, options);
  const text = await response.text().catch(() => "");
  if (!response.ok) throw new CallError(refusal(response.status, text));
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Calls the API and gives the raw answer, for downloads and entity tags. Rejects with a `CallError` where no answer came. */
export async function reach(
  method: Method,
  path: string,
  { body, headers, signal }: CallOptions = {},
): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new CallError({
      kind: "unreachable",
      detail: timeout.aborted ? "The server did not answer in 10 s." : "The server can't be reached.",
      hint: "Check the network. What is shown is from before.",
    });
  }
}

/** The failure that an answer's status and text stand for. */
export function refusal(status: number, text: string): Failure {
  let problem: Partial<Problem> = {};
  try {
    problem = JSON.parse(text) as Partial<Problem>;
  } catch {
    // A proxy in between answers in its own way.
  }
  return {
    kind: status === 401 ? "signedOut" : "refused",
    detail: problem.detail ?? `The server answered with status ${status}.`,
    status,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.code === undefined ? {} : { code: problem.code }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    ...(problem.differences === undefined ? {} : { differences: problem.differences }),
  };
}

import type { Problem } from "@rampart/core";
import { watchSession } from "./over.ts";
import { CallError, type Failure } from "./problem.ts";

/** A call that takes longer than this is taken for lost: whoever waits at 3 a.m. has to know. */
const TIMEOUT_MS = 10_000;

/** The methods that the API has. */
export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** `body` is sent as JSON; a `signal` that fires gives the call up. */
export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Reads that are under way. A browser opens six connections to a server; where the reads hang, a command must not wait for one of theirs to
 * come free: it ends them, in all windows, and they begin again behind it.
 */
let reads = new AbortController();

const windows = new BroadcastChannel("rampart.commands");
windows.addEventListener("message", giveWay);

function giveWay(): void {
  reads.abort();
  reads = new AbortController();
}

/** Where one signs in and out. */
export const SESSION = "/console/session";

/** What is only tried out changes nothing, and can wait. */
const TRIED_OUT = "/api/v1/plans/";

/** Calls the API in the name of whoever is signed in. Rejects with a `CallError`. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  if (method === "GET") return read(path, options);
  if (!path.startsWith(TRIED_OUT)) {
    giveWay();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is the origin's own
    windows.postMessage(undefined);
  }
  return reach(method, path, options);
}

async function read<T>(path: string, options: CallOptions): Promise<T> {
  const { signal } = reads;
  try {
    return await reach("GET", path, options, signal);
  } catch (thrown) {
    if (signal.aborted && options.signal?.aborted !== true) return read(path, options);
    throw thrown;
  }
}

async function reach<T>(
  method: Method,
  path: string,
  { body, headers, signal }: CallOptions,
  way?: AbortSignal,
): Promise<T> {
  const end = watchSession();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const [response, text] = await (async (): Promise<[Response, string]> => {
    const answer = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: AbortSignal.any([timeout, signal, way].filter((one) => one !== undefined)),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [answer, await answer.text()];
  })().catch(() => {
    throw new CallError({
      kind: "unreachable",
      detail: timeout.aborted ? "The server did not answer in 10 s." : "The server can't be reached.",
      hint: "Check that it runs, and the network between.",
    });
  });
  if (response.status === 401 && path !== SESSION) end();
  if (!response.ok) throw new CallError(refusal(response.status, text));
  return (text === "" ? undefined : JSON.parse(text)) as T;
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

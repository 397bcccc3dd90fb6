import type { JsonValue } from "@rampart/core";
import type { Connection } from "../config/connection.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { connectionError } from "./failure.ts";
import { problemError } from "./problem.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Call {
  readonly method?: Method;
  /** From the server's root, every part percent-encoded: `/api/v1/flags/a%2Fb`. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | undefined };
  readonly body?: JsonValue;
  /** Only write what was changed from this revision on. */
  readonly ifMatch?: number;
  /** How often to try again when the server can't be reached. Only for calls that may be made twice. */
  readonly retries?: number;
  /** Told before each new try. */
  readonly onRetry?: (attempt: number, reason: CliError) => void;
}

/** The server's HTTP API. Every call ends within its timeout; every refusal is a `CliError` that explains itself. */
export interface Api {
  readonly url: string;
  /** The answer's JSON. `T` is the API's own type of it. */
  request<T>(call: Call): Promise<T>;
  /** The answer's text as it arrives. The timeout counts for each piece. */
  stream(call: Call): AsyncGenerator<string>;
}

/** A page of 1,000 audit entries with large `before` and `after` stays below this. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_DELAY_MS = 150;

export function createApi(io: Io, connection: Connection, options: { readonly timeoutMs: number; readonly version: string }): Api {
  async function attempt(call: Call, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = {
      accept: "application/json, application/x-ndjson",
      "user-agent": `rampart-cli/${options.version}`,
    };
    if (connection.token !== undefined) headers["authorization"] = `Bearer ${connection.token}`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (call.ifMatch !== undefined) headers["if-match"] = `"${call.ifMatch}"`;
    const init: RequestInit = { method: call.method ?? "GET", headers, signal, redirect: "manual" };
    if (call.body !== undefined) init.body = JSON.stringify(call.body);
    const response = await io.fetch(urlOf(connection.url, call), init);
    if (!response.ok) throw await problemError(connection, response, await boundedText(response));
    return response;
  }

  async function withDeadline<T>(call: Call, use: (response: Response) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(options.timeoutMs);
    try {
      return await use(await attempt(call, signal));
    } catch (error) {
      throw connectionError(error, { url: connection.url, timeoutMs: options.timeoutMs });
    }
  }

  async function withRetries<T>(call: Call, use: (response: Response) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await withDeadline(call, use);
      } catch (error) {
        if (!(error instanceof CliError) || !isTransient(error) || tries > (call.retries ?? 0)) throw error;
        call.onRetry?.(tries + 1, error);
        await io.sleep(RETRY_DELAY_MS * tries);
      }
    }
  }

  return {
    url: connection.url,
    request: <T>(call: Call) => withRetries(call, async (response) => parseAnswer<T>(connection.url, response, await boundedText(response))),
    async *stream(call) {
      const controller = new AbortController();
      const silence = (): NodeJS.Timeout => setTimeout(() => controller.abort(new DOMException("silent", "TimeoutError")), options.timeoutMs);
      let timer = silence();
      try {
        const response = await attempt(call, controller.signal);
        const decoder = new TextDecoder();
        for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          clearTimeout(timer);
          yield decoder.decode(chunk, { stream: true });
          timer = silence();
        }
        yield decoder.decode();
      } catch (error) {
        throw connectionError(error, { url: connection.url, timeoutMs: options.timeoutMs });
      } finally {
        clearTimeout(timer);
        controller.abort();
      }
    },
  };
}

function urlOf(base: string, call: Call): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return `${base}${call.path}${text === "" ? "" : `?${text}`}`;
}

/** Unreachable, silent, or a gateway that says that what is behind it is. */
function isTransient(error: CliError): boolean {
  return error.code === "UNREACHABLE" || error.code === "TIMEOUT" || error.code === "UNAVAILABLE";
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      throw new CliError({ code: "ANSWER_TOO_LARGE", message: `the server's answer is larger than ${ANSWER_BYTES_MAX} bytes` });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseAnswer<T>(url: string, response: Response, text: string): T {
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new CliError({
      code: "NOT_RAMPART",
      message: `${url} answered with ${response.headers.get("content-type") ?? "something"} instead of JSON`,
      lines: ["is that the address of a Rampart server? Set it with --url, RAMPART_URL or rampart login"],
      cause: error,
    });
  }
}

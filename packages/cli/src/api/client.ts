import type { Connection } from "../config/connection.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { connectionError } from "./failure.ts";
import { problemError } from "./problem.ts";
import type { Api, Call } from "./types.ts";

/** A page of 1,000 audit entries with large `before` and `after` stays below this. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_DELAY_MS = 150;

/** What a pipeline that is traced sets for the programs that it runs. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The API of the server that `connection` names. */
export function createApi(
  io: Io,
  connection: Connection,
  options: { readonly timeoutMs: number; readonly version: string },
): Api {
  const at = { url: connection.url, timeoutMs: options.timeoutMs };

  async function send(call: Call, signal: AbortSignal): Promise<Response> {
    const response = await io.fetch(urlOf(connection.url, call), {
      method: call.method ?? "GET",
      headers: { ...headersOf(connection, call, options.version), ...traceOf(io.env) },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      // The token must not travel to wherever an answer points.
      redirect: "manual",
    });
    if (!response.ok) throw problemError({ connection, call, response, body: await boundedText(response) });
    return response;
  }

  async function once(call: Call): Promise<unknown> {
    try {
      const response = await send(call, AbortSignal.timeout(options.timeoutMs));
      return parseAnswer(connection.url, response, await boundedText(response));
    } catch (error) {
      throw connectionError(error, at);
    }
  }

  async function request(call: Call): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(call);
      } catch (error) {
        if (!(error instanceof CliError) || !isTransient(error) || tries > (call.retries ?? 0)) throw error;
        call.onRetry?.(tries + 1, error);
        await io.sleep(RETRY_DELAY_MS * tries);
      }
    }
  }

  return {
    url: connection.url,
    request: async <T>(call: Call) => (await request(call)) as T,
    async *stream(call) {
      const decoder = new TextDecoder();
      for await (const chunk of bytes(call)) yield decoder.decode(chunk, { stream: true });
      yield decoder.decode();
    },
    bytes,
  };

  async function* bytes(call: Call): AsyncGenerator<Uint8Array> {
    const controller = new AbortController();
    const silence = (): NodeJS.Timeout =>
      setTimeout(() => controller.abort(new DOMException("silent", "TimeoutError")), options.timeoutMs);
    let timer = silence();
    const end = (): void => controller.abort();
    call.signal?.addEventListener("abort", end);
    try {
      if (call.signal?.aborted === true) return;
      const response = await send(call, controller.signal);
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        yield chunk;
        timer = silence();
      }
    } catch (error) {
      if (call.signal?.aborted === true) return;
      throw connectionError(error, at);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", end);
      controller.abort();
    }
  }
}

function headersOf(connection: Connection, call: Call, version: string): Record<string, string> {
  return {
    accept: call.accept ?? "application/json, application/x-ndjson",
    "user-agent": `rampart-cli/${version}`,
    ...(connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` }),
    ...(call.body === undefined ? {} : { "content-type": "application/json" }),
    ...(call.lastEventId === undefined ? {} : { "last-event-id": String(call.lastEventId) }),
    ...(call.ifMatch === undefined ? {} : { "if-match": `"${call.ifMatch}"` }),
  };
}

/** The trace that the command is part of, so that the server's audit can name it. */
function traceOf({ TRACEPARENT: traceparent = "" }: Io["env"]): Record<string, string> {
  return TRACEPARENT.test(traceparent) ? { traceparent } : {};
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
      throw new CliError({
        code: "ANSWER_TOO_LARGE",
        message: `the server's answer is larger than ${ANSWER_BYTES_MAX} bytes`,
      });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseAnswer(url: string, response: Response, text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CliError({
      code: "NOT_RAMPART",
      message: `${url} answered with ${response.headers.get("content-type") ?? "something"} instead of JSON`,
      lines: ["is that the address of a Rampart server? Set it with --url, RAMPART_URL or rampart login"],
      cause: error,
    });
  }
}

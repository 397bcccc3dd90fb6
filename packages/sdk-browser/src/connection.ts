import type { ClientGoodbye } from "@rampart/core";
import {
  BACKOFF,
  backoffMs,
  FIRST_BYTE_MS,
  OPEN_TIMEOUT_MS,
  POLL_AFTER_FAILURES,
  POLL_INTERVAL_MS,
  POLL_TIMEOUT_MS,
  REFUSED_RETRY_MS,
  RETRY_AFTER_MAX_MS,
  retryAfterMs,
  SETTLE_MS,
  WATCHDOG_MS,
} from "@rampart/core";
import type { Send } from "./sender.ts";

/** Values for one user, far above any honest number of flags; an event that is longer ends the stream. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** Ends an event of the stream, however its lines end. */
const FRAME_END = /\r?\n\r?\n/;

/** Its name and its data, in the order in which the server writes them; a comment has neither. */
const FIELDS = /event: ?(\w+)\r?\ndata: ?(.*)/;

/** What the connection asks of its client, and tells it. */
export interface ConnectionHost {
  readonly send: Send;
  /** Body of the calls that ask for values, with what is held: a server that has less is not to answer. */
  asked(): object;
  /** The server said something. False: it does not fit what is held, connect anew. */
  hear(event: string, data: string, via: "stream" | "poll"): boolean;
  /** There is no contact any more, or the server refused the key, the origin or the signature. */
  lost(why: "none" | "refused"): void;
  problem(code: string, message: string): void;
}

/** Why a stream is over. */
interface End {
  readonly refused: boolean;
  /** The server fell silent, or the machine slept: what is held may be old. */
  readonly silent: boolean;
  /** It lived long enough for earlier failures to be forgotten. */
  readonly settled: boolean;
  readonly retryAfterMs: number;
}

/**
 * Follows the server until the signal: a stream with a watchdog; after it failed, another with full jitter; from the third failure on
 * a poll before each try. The durations are those of every SDK. Never rejects.
 */
export async function follow(host: ConnectionHost, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const end = await stream(host, signal);
    failures = end.settled ? 1 : failures + 1;
    const random = Math.random();
    let delayMs = backoffMs(failures, random, BACKOFF);
    if (end.refused) {
      host.lost("refused");
      failures = 0;
      delayMs = REFUSED_RETRY_MS * (1 + random / 10);
    } else {
      // A single quick reconnect is no loss.
      if (end.silent || failures === 2) host.lost("none");
      if (failures >= POLL_AFTER_FAILURES) {
        await poll(host, signal);
        delayMs = POLL_INTERVAL_MS * (0.9 + random / 5);
      }
    }
    await pause(Math.max(delayMs, Math.min(end.retryAfterMs, RETRY_AFTER_MAX_MS) + random * 1000), signal);
  }
}

async function stream(host: ConnectionHost, signal: AbortSignal): Promise<End> {
  const end = { refused: false, silent: false, settled: false, retryAfterMs: 0 };
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expect = (withinMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      end.silent = true;
      over.abort();
    }, withinMs);
  };
  try {
    expect(OPEN_TIMEOUT_MS);
    const response = await host.send("stream", host.asked(), AbortSignal.any([signal, over.signal]));
    if (response.status !== 200) {
      end.refused = [401, 403].includes(response.status);
      end.retryAfterMs = retryAfterMs(response.headers.get("retry-after") ?? undefined, Date.now()) ?? 0;
      throw new Error(`status ${response.status}`);
    }
    const openedAt = performance.now();
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    expect(FIRST_BYTE_MS);
    for (let rest = "", next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      expect(WATCHDOG_MS);
      end.settled = performance.now() - openedAt > SETTLE_MS;
      const frames = (rest + decoder.decode(next.value, { stream: true })).split(FRAME_END);
      rest = frames.pop() ?? "";
      if (rest.length > CHARACTERS_MAX) throw new Error("too long");
      for (const frame of frames) {
        const [, event, data] = FIELDS.exec(frame) ?? [];
        if (event === undefined || data === undefined || signal.aborted) continue;
        if (event === "goodbye") {
          const goodbye = JSON.parse(data) as ClientGoodbye;
          end.refused = goodbye.reason === "revoked";
          end.retryAfterMs = goodbye.retryAfterMs;
          return end;
        }
        if (!host.hear(event, data, "stream")) return end;
      }
    }
    throw new Error("ended");
  } catch (error) {
    if (!signal.aborted) host.problem("STREAM_FAILED", end.silent ? "silence" : String(error));
    return end;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

async function poll(host: ConnectionHost, signal: AbortSignal): Promise<void> {
  try {
    const response = await host.send(
      "evaluate",
      host.asked(),
      AbortSignal.any([signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]),
    );
    if (!response.ok) throw new Error(`status ${response.status}`);
    host.hear("values", await response.text(), "poll");
  } catch (error) {
    if (signal.aborted) return;
    host.lost("none");
    host.problem("POLL_FAILED", String(error));
  }
}

/** Resolves after the time, or with the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve());
  });
}

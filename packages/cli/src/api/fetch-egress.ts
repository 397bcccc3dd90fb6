import type { Egress, EgressResult } from "@rampart/server/backtest";
import type { Io } from "../io.ts";

/** Answers that a proxy, or whatever else is at that address, may give without end. */
class TooLarge extends Error {}

/**
 * The way out of a person's own machine: no policy but what they typed. Redirects are not followed, so that a metric's headers go where they were
 * meant to go.
 */
export function fetchEgress(io: Pick<Io, "fetch" | "now">): Egress {
  return {
    async send({ url, method, headers, body, timeoutMs, bodyBytesMax }): Promise<EgressResult> {
      const startedAt = io.now();
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const response = await io.fetch(url, {
          method,
          ...(headers && { headers }),
          ...(body !== undefined && { body }),
          redirect: "manual",
          signal,
        });
        const text = await boundedText(response, bodyBytesMax);
        return {
          kind: "answer",
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: text,
          durationMs: io.now() - startedAt,
        };
      } catch (error) {
        if (error instanceof TooLarge)
          return { kind: "failed", cause: "tooLarge", reason: `the answer is larger than ${bodyBytesMax} bytes` };
        if (signal.aborted)
          return { kind: "failed", cause: "timeout", reason: `no whole answer within ${timeoutMs} ms` };
        return { kind: "failed", cause: "network", reason: networkReason(error) };
      }
    },
  };
}

async function boundedText(response: Response, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new TooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The system's code (`ECONNREFUSED`), never a text, which may hold the address with what is secret in it. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code === undefined ? "the connection failed" : `the connection failed (${code})`;
}

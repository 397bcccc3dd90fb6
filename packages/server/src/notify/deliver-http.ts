import type { Clock } from "../ports/clock.ts";
import type { Egress, EgressResult } from "../ports/egress.ts";
import type { Delivery } from "../ports/notifier.ts";

/** What Standard Webhooks gives a receiver at the least, and nobody needs longer. */
const TIMEOUT_MS = 15_000;

/** Receivers answer with a word or a small object. */
const ANSWER_BYTES_MAX = 256 * 1024;

/** A receiver may make us wait this long; what asks for more is tried at this time all the same. */
const WAIT_MAX_MS = 60 * 60_000;

/** What a receiver is called with. */
export interface HttpCall {
  readonly url: string;
  readonly method?: "GET" | "POST" | "PATCH";
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
}

/** What came of a call to a receiver. `gone`: it wants no message ever again. */
export type Sent = Delivery | { readonly kind: "gone"; readonly reason: string };

/** The receiver has it. */
export const DELIVERED = { kind: "delivered" } as const satisfies Delivery;

/** The way to receivers. */
export interface Wire {
  readonly egress: Egress;
  readonly clock: Clock;
}

/** Calls a receiver; the body goes as JSON. */
export function call({ egress }: Wire, { url, method = "POST", headers, body }: HttpCall): Promise<EgressResult> {
  return egress.send({
    url,
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    timeoutMs: TIMEOUT_MS,
    bodyBytesMax: ANSWER_BYTES_MAX,
  });
}

/** Calls a receiver, where all that matters is whether it took the message. */
export async function deliverHttp(wire: Wire, request: HttpCall): Promise<Sent> {
  return sentOf(await call(wire, request), wire.clock.now());
}

/**
 * Whether the message arrived, may arrive later (no answer, 408, 420, 425, 429, 5xx: with the time that the receiver asks for), or never
 * will. The reason holds nothing of the call, and of the answer only a bare word like `invalid_payload`.
 */
export function sentOf(result: EgressResult, now: number): Sent {
  if (result.kind === "refused") return { kind: "failed", reason: `${result.reason}; ${result.hint}`, again: false };
  if (result.kind === "failed") return { kind: "failed", reason: result.reason, again: true };
  const { status, headers, body } = result;
  if (status >= 200 && status < 300) return DELIVERED;
  const word = /^[a-z_]{1,40}$/.exec(body.trim())?.[0];
  const reason = `HTTP ${status}${word === undefined ? "" : ` ${word}`}`;
  if (status === 410) return { kind: "gone", reason };
  const again = status >= 500 || [408, 420, 425, 429].includes(status);
  if (!again) return { kind: "failed", reason, again };
  const waitMs = retryAfterMs(headers["retry-after"], now);
  return { kind: "failed", reason, again, ...(waitMs !== undefined && { waitMs }) };
}

/** Seconds, or a date. */
function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(WAIT_MAX_MS, Math.max(0, ms)) : undefined;
}

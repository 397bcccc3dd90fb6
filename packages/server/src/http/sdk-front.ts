import type { IncomingMessage, ServerResponse } from "node:http";
import type { EnvironmentGrant } from "./grant.ts";
import { authorize, authorizeKey } from "./grant.ts";
import type { ServingParts } from "./parts.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Principal } from "./principal.ts";
import type { SdkReads } from "./sdk-reads.ts";

const FLAGS = "/sdk/v1/flags";
const STREAM = "/sdk/v1/stream";
const STREAM_WITH_BASIS = `${STREAM}?basis=`;

/** Longer ones are none, and go the whole way to be told so. */
const BASIS_LENGTH_MAX = 160;

/**
 * Answers the reads of SDKs whose key the guards have let in a moment ago, without going through all of them again: a poll that has not
 * changed costs ten microseconds, and routing, counting and checking it would cost twenty more. Whatever is not plainly such a read is
 * left to the guards.
 */
export class SdkFront {
  readonly #parts: ServingParts;
  readonly #authenticator: Authenticator;
  readonly #reads: SdkReads;
  /** What a principal was granted lasts as long as the authenticator's memory of it. */
  readonly #grants = new WeakMap<Principal, EnvironmentGrant>();

  constructor(parts: ServingParts, authenticator: Authenticator, reads: SdkReads) {
    this.#parts = parts;
    this.#authenticator = authenticator;
    this.#reads = reads;
  }

  /** False: it is not answered, and nothing was written. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { url = "" } = incoming;
    if (incoming.method !== "GET" || !url.startsWith("/sdk/v1/") || this.#parts.phase() === "closing") return false;
    const basis = basisIn(url);
    if (url !== FLAGS && basis === undefined) return false;
    const grant = this.#recall(incoming);
    if (grant === undefined) return false;
    const answered =
      basis === undefined
        ? this.#reads.flags(grant, { incoming, outgoing })
        : this.#reads.stream(grant, { incoming, outgoing }, basis.text);
    answered?.catch((cause: unknown) => this.#failed(outgoing, cause));
    this.#parts.meter.readServed(basis === undefined ? FLAGS : STREAM);
    return true;
  }

  #recall(incoming: IncomingMessage): EnvironmentGrant | undefined {
    const principal = this.#authenticator.recall(incoming);
    if (principal === undefined) return undefined;
    const known = this.#grants.get(principal);
    if (known !== undefined) return known;
    try {
      const grant = authorizeKey(authorize(principal, "sdk:read"), this.#parts.feeds.keys());
      this.#grants.set(principal, grant);
      return grant;
    } catch {
      // The guards say why not.
      return undefined;
    }
  }

  #failed(outgoing: ServerResponse, cause: unknown): void {
    this.#parts.logger.error({ err: cause }, "an SDK's read failed");
    outgoing.destroy();
  }
}

/** The basis in the address of a stream, if there is one; undefined when the address is another, or holds anything else. */
function basisIn(url: string): { readonly text: string | undefined } | undefined {
  if (url === STREAM) return { text: undefined };
  if (!url.startsWith(STREAM_WITH_BASIS) || url.length > STREAM_WITH_BASIS.length + BASIS_LENGTH_MAX) return undefined;
  const text = url.slice(STREAM_WITH_BASIS.length).replace("%3A", ":");
  return /^[\w:.-]+$/.test(text) ? { text } : undefined;
}

import type { IncomingMessage } from "node:http";
import { hashToken, parseToken } from "../domain/tokens.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { Store, TokenRecord } from "../ports/store.ts";
import { type Timers, unlessSilent } from "../ports/timers.ts";
import { DEV_AUTHORIZATION, devPrincipal, recallDev } from "./dev.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";
import type { Sessions } from "./session.ts";

/** A token looked up less than this long ago is believed without asking the store; another replica's revocation shows within it. */
const FRESH_MS = 2_000;

/** While the store can't be read, or says nothing, tokens seen this lately stay good: a dead database must not lock out the one who wants to kill a flag. */
const FRESH_WITHOUT_STORE_MS = 5 * 60_000;

/** Tokens kept; beyond it those longest in are dropped, and looked up again when they come. */
const CACHED_MAX = 10_000;

interface Cached {
  readonly record: TokenRecord;
  readonly principal: Principal;
  readonly checkedAtMs: number;
}

/** What callers are told apart with. */
export interface AuthenticatorParts {
  readonly store: Pick<Store, "token" | "tokenByHash" | "touchToken">;
  readonly sessions: Pick<Sessions, "tokenId">;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Accept calls from this machine without a token, and the SDK key `dev`. */
  readonly dev: boolean;
}

/** Turns the token of a request, or the console's session, into who it stands for. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  /** By the token's hash, and those of sessions by its id. */
  readonly #cache = new Map<string, Cached>();
  /** By the whole header; the same entries. */
  readonly #byHeader = new Map<string, Cached>();

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  /** Throws a 401 `ProblemError` without a good token. `given`: one that came elsewhere than in a header. */
  async authenticate(incoming: IncomingMessage, given?: string): Promise<Principal> {
    const text = given ?? tokenText(incoming);
    const sessionOf = text === undefined ? this.#parts.sessions.tokenId(incoming) : undefined;
    if (sessionOf !== undefined) return this.#known({ kind: "id", id: sessionOf });
    if (this.#parts.dev) {
      const dev = devPrincipal(incoming, text);
      if (dev !== undefined) return dev;
    }
    if (text === undefined)
      throw unauthenticated("No token was sent.", "Send the header authorization: Bearer <token>.");
    return this.authenticateText(text, incoming.headers.authorization);
  }

  /** As `authenticate`, by the token's text; `header`: in which it came. */
  async authenticateText(text: string, header?: string): Promise<Principal> {
    const parsed = parseToken(text);
    switch (parsed.kind) {
      case "malformed":
        throw unauthenticated(
          "What was sent is no token of this server.",
          "Tokens begin with rmp_. Make one with POST /api/v1/tokens.",
        );
      case "mistyped":
        throw unauthenticated(
          "The token's checksum is wrong: a character is missing, added or changed.",
          "Copy it again, whole.",
        );
      case "token":
        return this.#known({ kind: "hash", hash: hashToken(text) }, header);
    }
  }

  /**
   * The principal of a request whose token was found good less than two seconds ago, without asking anybody; undefined for every other.
   * Known by the header's very text, so that no hash has to be computed.
   */
  recall(incoming: IncomingMessage): Principal | undefined {
    const { authorization } = incoming.headers;
    if (authorization === undefined) return undefined;
    if (this.#parts.dev && authorization === DEV_AUTHORIZATION) return recallDev(incoming);
    const known = this.#byHeader.get(authorization);
    if (known === undefined || this.#parts.clock.monotonicMs() - known.checkedAtMs >= FRESH_MS) return undefined;
    const { expiresAt } = known.record;
    return expiresAt === undefined || expiresAt > this.#parts.clock.now() ? known.principal : undefined;
  }

  /** The token was revoked here: the next request with it asks the store. */
  forget(tokenId: string): void {
    for (const [key, { record }] of this.#cache) if (record.id === tokenId) this.#cache.delete(key);
    for (const [header, { record }] of this.#byHeader) if (record.id === tokenId) this.#byHeader.delete(header);
  }

  async #known(by: TokenName, header?: string): Promise<Principal> {
    const cached = this.#cache.get(cacheKey(by));
    const nowMs = this.#parts.clock.monotonicMs();
    const fresh =
      cached !== undefined && nowMs - cached.checkedAtMs < FRESH_MS ? cached : await this.#lookUp(by, cached, nowMs);
    checkTime(fresh.record, this.#parts.clock.now());
    if (header !== undefined) remember(this.#byHeader, header, fresh);
    return fresh.principal;
  }

  async #lookUp(by: TokenName, cached: Cached | undefined, nowMs: number): Promise<Cached> {
    const { store, meter, timers } = this.#parts;
    let record: TokenRecord | undefined;
    try {
      const asked = by.kind === "hash" ? store.tokenByHash(by.hash) : store.token(by.id);
      record = await (cached === undefined ? asked : unlessSilent(timers, asked));
    } catch (cause) {
      meter.storeFailed("tokenByHash");
      if (cached !== undefined && nowMs - cached.checkedAtMs < FRESH_WITHOUT_STORE_MS) return cached;
      throw cause;
    }
    this.#cache.delete(cacheKey(by));
    if (record === undefined)
      throw unauthenticated("The token is unknown.", "It may be of another server, or its data folder was replaced.");
    checkTime(record, this.#parts.clock.now());
    const known: Cached = { record, principal: principalOf(record), checkedAtMs: nowMs };
    remember(this.#cache, cacheKey(by), known);
    this.#touch(record.id);
    return known;
  }

  #touch(tokenId: string): void {
    this.#parts.store.touchToken(tokenId, this.#parts.clock.now()).catch((cause: unknown) => {
      this.#parts.meter.storeFailed("touchToken");
      this.#parts.logger.debug({ tokenId, err: cause }, "can't note that a token was used");
    });
  }
}

/** What a request names its token by. */
type TokenName = { readonly kind: "hash"; readonly hash: string } | { readonly kind: "id"; readonly id: string };

const cacheKey = (by: TokenName): string => (by.kind === "hash" ? by.hash : `id ${by.id}`);

/** Puts an entry in; the oldest goes when there is no room. */
function remember(cache: Map<string, Cached>, key: string, entry: Cached): void {
  const oldest = cache.size >= CACHED_MAX && !cache.has(key) ? cache.keys().next() : undefined;
  if (oldest?.done === false) cache.delete(oldest.value);
  cache.set(key, entry);
}

function tokenText(incoming: IncomingMessage): string | undefined {
  const { authorization } = incoming.headers;
  const bearer = authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) {
    throw unauthenticated(
      "The authorization header is not of the form Bearer <token>.",
      "Send the header authorization: Bearer <token>.",
    );
  }
  const apiKey = incoming.headers["x-api-key"];
  return bearer ?? (typeof apiKey === "string" && apiKey !== "" ? apiKey : undefined);
}

function principalOf(record: TokenRecord): Principal {
  const { id, kind, name, environments, roles, browsers } = record;
  return { actor: `token:${id} (${name})`, kind, environments, roles, tokenId: id, browsers };
}

function checkTime(record: TokenRecord, now: number): void {
  if (record.revokedAt !== undefined) throw unauthenticated("The token was revoked.", "Ask for a new one.");
  if (record.expiresAt !== undefined && record.expiresAt <= now) {
    throw unauthenticated(`The token expired at ${new Date(record.expiresAt).toISOString()}.`, "Ask for a new one.");
  }
}

function unauthenticated(detail: string, hint: string): ProblemError {
  return new ProblemError({ code: "UNAUTHENTICATED", detail, hint }, { "www-authenticate": 'Bearer realm="rampart"' });
}

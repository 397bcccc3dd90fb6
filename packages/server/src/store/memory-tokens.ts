import type { TokenRecord } from "../ports/store.ts";
import { TOUCH_INTERVAL_MS } from "./limits.ts";

/** The stored halves of tokens, in memory. */
export class MemoryTokens {
  readonly #byId = new Map<string, TokenRecord>();

  /** In the order in which they were made. */
  all(): readonly TokenRecord[] {
    return [...this.#byId.values()];
  }

  get(id: string): TokenRecord | undefined {
    return this.#byId.get(id);
  }

  byHash(hash: string): TokenRecord | undefined {
    return this.all().find((token) => token.hash === hash);
  }

  /** Throws when its id or its hash is there. */
  insert(token: TokenRecord): void {
    if (this.#byId.has(token.id) || this.byHash(token.hash) !== undefined)
      throw new Error(`there already is a token ${token.id}`);
    this.#byId.set(token.id, token);
  }

  revoke(before: TokenRecord, revokedAt: number): TokenRecord {
    const after: TokenRecord = { ...before, revokedAt };
    this.#byId.set(before.id, after);
    return after;
  }

  touch(id: string, at: number): void {
    const token = this.#byId.get(id);
    if (token === undefined || at - (token.lastUsedAt ?? -Infinity) < TOUCH_INTERVAL_MS) return;
    this.#byId.set(id, { ...token, lastUsedAt: at });
  }
}

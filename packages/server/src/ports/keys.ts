import type { Store, TokenRecord } from "./store.ts";

/** The tokens that there are, for servers that keep none themselves. */
export interface KeyBook {
  /** Undefined: there is none such. `hash`: hex SHA-256 of the token's text. */
  byHash(hash: string): Promise<TokenRecord | undefined>;
  /** Those of them that there are. */
  byIds(ids: readonly string[]): Promise<readonly TokenRecord[]>;
}

/** The tokens that are stored here. */
export function keyBookOf(store: Pick<Store, "tokenByHash" | "tokens">): KeyBook {
  return {
    byHash: (hash) => store.tokenByHash(hash),
    byIds: async (ids) => (await store.tokens()).filter(({ id }) => ids.includes(id)),
  };
}

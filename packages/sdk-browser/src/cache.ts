import type { ClientValues } from "@rampart/core";
import { CACHE_MAX_AGE_MS, History } from "@rampart/core";

/** What is kept for the next page. */
export interface CachedValues {
  readonly values: ClientValues;
  /** Epochs left behind, so that the next page does not go back to one either. */
  readonly leftEpochs: readonly string[];
  /** When the server was last heard of, epoch milliseconds; leases run on from there. Never: minus infinity, which JSON makes null, and that counts as 1970. */
  readonly contactAt: number;
  /** Epoch milliseconds. */
  readonly savedAt: number;
}

/**
 * What an earlier page left, unless it is missing, damaged or too old. `localStorage` changes wholly or not at all, so that a checksum
 * would tell nothing. Never throws: storage can be full or forbidden, and then there is no cache.
 */
export function loadCache(name: string, wallNow: number): CachedValues | undefined {
  try {
    const cached = JSON.parse(localStorage.getItem(name) ?? "null") as CachedValues | null;
    return cached && wallNow - cached.savedAt < CACHE_MAX_AGE_MS ? cached : undefined;
  } catch {
    return undefined;
  }
}

/** Where an earlier page stood, and another tab may still stand. */
export function historyOf({ values, leftEpochs }: CachedValues): History {
  const history = new History();
  history.inherit(leftEpochs);
  history.move(values);
  return history;
}

/** Keeps what is held for the next page, unless another tab kept something newer. Says why it could not. */
export function saveCache(name: string, next: CachedValues): string | undefined {
  try {
    const there = loadCache(name, next.savedAt);
    if (there === undefined || historyOf(there).behind(next.values) === undefined)
      localStorage.setItem(name, JSON.stringify(next));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/**
 * Names what belongs to one version, server, key and context, without saying whose it is (FNV-1a, 32 bits: among the few users of one browser
 * that is plenty).
 */
export function nameOf(parts: readonly unknown[]): string {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(parts)) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return `rampart:${(hash >>> 0).toString(36)}`;
}

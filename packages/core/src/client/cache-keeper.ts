import type { Cached } from "./cache-text.ts";
import { decodeCache, encodeCache, mayReplace } from "./cache-text.ts";
import type { CachePort, ClientPorts } from "./ports.ts";

/** Changes within this time are saved together. Urgent ones are saved at once. */
export const SAVE_DELAY_MS = 2_000;

/** Without any change the text is written again this often, so that a quiet environment's cache does not expire. */
export const REFRESH_MS = 3_600_000;

/** Older values than this are not used unless the caller says otherwise: seven days. */
export const CACHE_MAX_AGE_MS = 7 * 24 * 3_600_000;

/**
 * What is kept where, and who is told when that fails. `maxAgeMs`: older values are not used. `fingerprint`: values of another server or key are
 * not used.
 */
export interface CacheKeeperOptions {
  readonly cache: CachePort;
  readonly ports: Pick<ClientPorts, "setTimer" | "now" | "wallNow">;
  readonly fingerprint: string;
  readonly maxAgeMs: number;
  /** What to save now; undefined: nothing is held. */
  readonly current: () => Cached | undefined;
  readonly onError: (problem: { readonly code: string; readonly message: string }) => void;
}

/** When and what to save, one save at a time; and what to believe of what is found. */
export class CacheKeeper {
  readonly #options: CacheKeeperOptions;
  #cancelTimer: (() => void) | undefined;
  #saving: Promise<void> | undefined;
  #again = false;
  #savedAtMs: number;

  constructor(options: CacheKeeperOptions) {
    this.#options = options;
    this.#savedAtMs = options.ports.now();
  }

  /** What an earlier process left, unless it is missing, damaged, somebody else's or too old. Never rejects. */
  async load(): Promise<Cached | undefined> {
    const { cache, fingerprint, maxAgeMs, ports, onError } = this.#options;
    try {
      const text = await cache.load();
      if (text === undefined) return undefined;
      const decoded = decodeCache(text, fingerprint);
      if (!decoded.ok) {
        onError({ code: "CACHE_UNUSABLE", message: `the cache is left out: ${decoded.reason}` });
        return undefined;
      }
      return ports.wallNow() - decoded.value.savedAt > maxAgeMs ? undefined : decoded.value;
    } catch (error) {
      onError({ code: "CACHE_UNREADABLE", message: `the cache can't be read: ${String(error)}` });
      return undefined;
    }
  }

  /** Values changed. */
  changed(urgent: boolean): void {
    if (urgent) void this.flush();
    else this.#cancelTimer ??= this.#options.ports.setTimer(SAVE_DELAY_MS, () => void this.flush());
  }

  /** The server was heard of. */
  contact(): void {
    if (this.#options.ports.now() - this.#savedAtMs >= REFRESH_MS) this.changed(false);
  }

  /** Saves now. Resolves when what is held at this moment was saved, or could not be. */
  async flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#saving !== undefined) {
      this.#again = true;
      return this.#saving;
    }
    this.#saving = this.#saveUntilCurrent();
    return this.#saving;
  }

  async #saveUntilCurrent(): Promise<void> {
    do {
      this.#again = false;
      await this.#save();
    } while (this.#again);
    this.#saving = undefined;
  }

  async #save(): Promise<void> {
    const { cache, fingerprint, current, ports, onError } = this.#options;
    try {
      const there = await cache.load().catch(() => undefined);
      const next = current();
      if (next === undefined) return;
      const decoded = there === undefined ? undefined : decodeCache(there, fingerprint);
      if (decoded?.ok === true && !mayReplace(decoded.value, next)) return;
      await cache.save(encodeCache(next, fingerprint));
      this.#savedAtMs = ports.now();
    } catch (error) {
      // Ends in an hour's time at the latest with another try; a full disk must not be asked with each contact.
      this.#savedAtMs = ports.now();
      onError({ code: "CACHE_UNWRITABLE", message: `the cache can't be written: ${String(error)}` });
    }
  }
}

import type { Clocks } from "./ports.ts";

/** Clocks that moved apart by more than this mean that the machine slept, or that its clock was set. */
export const CLOCKS_APART_MAX_MS = 5_000;

/**
 * How long the server has been silent: what leases are measured by. By the monotonic clock, which stands still while a machine is
 * suspended; so when the wall clock has moved otherwise, the silence counts as endless until the next contact.
 */
export class ContactClock {
  readonly #clocks: Clocks;
  /** Silence at the moment `#atMs`; endless before any contact. */
  #silenceMs = Infinity;
  #atMs: number;
  #apartMs: number;
  #heard = false;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#atMs = clocks.now();
    this.#apartMs = clocks.wallNow() - this.#atMs;
  }

  /** The server said something current. */
  heard(): void {
    this.#heard = true;
    this.#mark(0);
  }

  /**
   * Takes over the contact of a process before this one, at that wall clock time; to be called before any of its own. A time in the future says nothing, so it counts
   * as no contact.
   */
  inherit(contactAt: number): void {
    const silenceMs = this.#clocks.wallNow() - contactAt;
    this.#mark(silenceMs >= 0 ? silenceMs : Infinity);
  }

  /** True once for each time that the clocks parted; from then on the silence is endless until `heard`. */
  parted(): boolean {
    if (!this.#apart(this.#clocks.now())) return false;
    this.#mark(Infinity);
    return true;
  }

  /** Milliseconds of silence, `Infinity` when nobody knows. Reads both clocks, allocates nothing. */
  silenceMs(): number {
    const nowMs = this.#clocks.now();
    return this.#apart(nowMs) ? Infinity : this.#silenceMs + nowMs - this.#atMs;
  }

  /** Milliseconds since this process heard of the server; undefined: never. */
  lastContactMs(): number | undefined {
    return this.#heard ? this.silenceMs() : undefined;
  }

  #apart(nowMs: number): boolean {
    return Math.abs(this.#clocks.wallNow() - nowMs - this.#apartMs) > CLOCKS_APART_MAX_MS;
  }

  #mark(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.#atMs = this.#clocks.now();
    this.#apartMs = this.#clocks.wallNow() - this.#atMs;
  }
}

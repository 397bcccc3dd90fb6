import type { ServedFlag } from "../ports/store.ts";

/** Since when pages are told nothing of a flag, so that none that is so far can have it on. */
export class HiddenFlags {
  readonly #since = new Map<string, number>();

  /** What is known of flags that were read whole: since when they are hidden is not, so it counts from their last change. */
  replace(flags: Iterable<ServedFlag>): void {
    this.#since.clear();
    this.apply({ flags, removedFlags: [] });
  }

  apply(changes: { readonly flags: Iterable<ServedFlag>; readonly removedFlags: Iterable<string> }): void {
    for (const key of changes.removedFlags) this.#since.delete(key);
    for (const { key, clientVisible, revision } of changes.flags) {
      if (clientVisible) this.#since.delete(key);
      else if (!this.#since.has(key)) this.#since.set(key, revision);
    }
  }

  /** The revision from which on a page holds none of the flags; undefined: one of them is for pages, or is not known. */
  sinceOf(flags: Iterable<string>): number | undefined {
    let bound = 0;
    for (const key of flags) {
      const since = this.#since.get(key);
      if (since === undefined) return undefined;
      bound = Math.max(bound, since);
    }
    return bound;
  }
}

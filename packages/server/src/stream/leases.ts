import type { WireFlag } from "@rampart/core";

/** What clients hold of a flag's exposure lease. */
export interface HeldLease {
  /** The longest that the flag carried since it has carried one: what a client holds is at most this. */
  readonly leaseMs: number;
  /** Clients that hold this revision or a newer one hold the lease. */
  readonly since: number;
}

/** The leases of an environment's flags, as clients at different revisions hold them. */
export class Leases {
  readonly #held = new Map<string, HeldLease>();

  /** What is known of flags that were read whole: since when they carry the lease is not, so it counts from their last change. */
  replace(flags: Iterable<WireFlag>): void {
    this.#held.clear();
    this.apply({ flags, removedFlags: [] });
  }

  apply(changes: { readonly flags: Iterable<WireFlag>; readonly removedFlags: Iterable<string> }): void {
    for (const key of changes.removedFlags) this.#held.delete(key);
    for (const { key, leaseMs, revision } of changes.flags) {
      const held = this.#held.get(key);
      if (leaseMs === undefined) this.#held.delete(key);
      else
        this.#held.set(key, {
          leaseMs: Math.max(leaseMs, held?.leaseMs ?? 0),
          since: held?.since ?? revision,
        });
    }
  }

  /** The lease that bounds all of the flags; undefined when one of them carries none. */
  of(flags: readonly string[]): HeldLease | undefined {
    const held = flags.map((key) => this.#held.get(key));
    let bound: HeldLease | undefined;
    for (const one of held) {
      if (one === undefined) return undefined;
      bound = {
        leaseMs: Math.max(one.leaseMs, bound?.leaseMs ?? 0),
        since: Math.max(one.since, bound?.since ?? 0),
      };
    }
    return bound;
  }
}

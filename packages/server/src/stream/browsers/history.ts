import type { Basis } from "@rampart/core";

/** Changes of which the flags are remembered; a viewer that is further behind is compared in all of them. */
const CHANGES_KEPT_MAX = 64;

/** A moment of an environment. Two can be at one revision: an emergency turns flags off before that has a revision. */
export interface Moment extends Basis {
  /** Counts changes as this process saw them. */
  readonly seq: number;
}

/** What has to be looked at again since a moment. */
export interface Since {
  readonly keys: readonly string[];
  readonly urgent: boolean;
}

/** A change as viewers are told of it. */
export interface ViewedChange extends Since {
  readonly seq: number;
}

/** Which flags the last changes were of. */
export class History {
  #changes: ViewedChange[] = [];
  /** Of changes up to here nothing is known. */
  #floor = 0;
  readonly #since = new Map<number, Since>();

  /** Everything may be different since before `seq`. */
  restart(seq: number): void {
    this.#changes = [];
    this.#since.clear();
    this.#floor = seq;
  }

  add(change: ViewedChange): void {
    this.#changes.push(change);
    this.#since.clear();
    if (this.#changes.length > CHANGES_KEPT_MAX) this.#floor = this.#changes.shift()?.seq ?? this.#floor;
  }

  /** Undefined: not known, so look at everything. */
  since(seq: number): Since | undefined {
    if (seq < this.#floor) return undefined;
    const cached = this.#since.get(seq);
    if (cached !== undefined) return cached;
    const later = this.#changes.filter((change) => change.seq > seq);
    const since = {
      keys: [...new Set(later.flatMap(({ keys }) => keys))],
      urgent: later.some(({ urgent }) => urgent),
    };
    this.#since.set(seq, since);
    return since;
  }
}

import { formatBasis } from "../wire/basis.ts";
import { isOlderEpoch } from "../wire/epoch.ts";
import type { Basis } from "../wire/types.ts";
import type { Verdict } from "./verdict.ts";

/** Epochs that were left behind and are remembered. An epoch ends with a restored backup: a handful in a lifetime. */
export const LEFT_EPOCHS_MAX = 16;

/**
 * Where a client stands in its environment's history, and what may replace it, whatever it is that the client holds. Within an epoch
 * only a higher revision does; another epoch does, unless it is older or was left behind before: so what was rolled back never comes back with a
 * late message, from a cache or from a replica that lags.
 */
export class History {
  #left: readonly string[] = [];
  /** Undefined before the first snapshot. */
  at: Basis | undefined = undefined;

  get leftEpochs(): readonly string[] {
    return this.#left;
  }

  /** Takes over the epochs that were left before this process, the oldest first. */
  inherit(leftEpochs: readonly string[]): void {
    this.#left = leftEpochs.slice(-LEFT_EPOCHS_MAX);
  }

  /** Why what is there at `there` comes before what is held; undefined: it does not. */
  behind(there: Basis): Extract<Verdict, { kind: "behind" }> | undefined {
    const { at } = this;
    if (at === undefined) return undefined;
    const { epoch, revision } = there;
    const isOther = epoch !== at.epoch;
    const wentBack = isOther ? this.#left.includes(epoch) || isOlderEpoch(epoch, at.epoch) : revision < at.revision;
    if (!wentBack) return undefined;
    const message = `the server is at ${formatBasis(there)}, older than ${formatBasis(at)}, which is kept. A restored backup needs a new epoch`;
    return { kind: "behind", code: isOther ? "EPOCH_WENT_BACK" : "REVISION_WENT_BACK", message };
  }

  /** What is held is at `there` now. */
  move(there: Basis): void {
    const { at } = this;
    if (at !== undefined && at.epoch !== there.epoch) this.inherit([...this.#left, at.epoch]);
    this.at = there;
  }
}

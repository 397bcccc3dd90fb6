import { formatBasis } from "../wire/basis.ts";
import type { Skipped } from "../wire/parsed.ts";
import type { Delta, Heartbeat, Snapshot } from "../wire/types.ts";
import type { Ruleset } from "../ruleset/ruleset.ts";

/** Epochs that were left behind and are remembered. An epoch ends with a restored backup: a handful in a lifetime. */
export const LEFT_EPOCHS_MAX = 16;

/** What became of something that the server said. */
export type Verdict =
  /** Values changed, in one step. `drifted`: and yet they are not the server's; ask for a snapshot. */
  | { readonly kind: "changed"; readonly flags: readonly string[]; readonly drifted: boolean }
  /** It says what is held already: a proof that it is current. */
  | { readonly kind: "current" }
  /** A late or repeated message; proves nothing. */
  | { readonly kind: "ignored" }
  /** The server's data is older than what is held, which therefore stays. */
  | { readonly kind: "behind"; readonly code: "REVISION_WENT_BACK" | "EPOCH_WENT_BACK"; readonly message: string }
  /** Something is missing: only a snapshot helps. */
  | { readonly kind: "resync"; readonly reason: string };

const CURRENT: Verdict = { kind: "current" };
const IGNORED: Verdict = { kind: "ignored" };

/**
 * What the client holds, and the one place that decides whether something replaces it. Within an epoch only a higher revision
 * does; another epoch does, unless it was left behind before: so what was rolled back never comes back with a late message.
 */
export class Holdings {
  readonly ruleset: Ruleset;
  #left: readonly string[] = [];
  /** Whether the digest could be the server's at all: not while an item was skipped, or since a snapshot did not fit its own. */
  #digestFits = false;
  /** A snapshot is needed, whatever revision it has. */
  #resyncing = false;

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset;
  }

  get leftEpochs(): readonly string[] {
    return this.#left;
  }

  /** `epoch:revision` to resume from; undefined: a snapshot is needed. */
  basis(): string | undefined {
    const { epoch, revision } = this.ruleset;
    return epoch === undefined || this.#resyncing ? undefined : formatBasis({ epoch, revision });
  }

  /** Takes what a process before this one held, when nothing is held yet. */
  restore(snapshot: Snapshot, leftEpochs: readonly string[]): boolean {
    if (this.ruleset.epoch !== undefined) return false;
    this.#left = leftEpochs.slice(-LEFT_EPOCHS_MAX);
    return this.takeSnapshot(snapshot, []).kind === "changed";
  }

  /** Takes a snapshot that was not made by the server just now, only to fill or to move forward what is held. */
  bootstrap(snapshot: Snapshot, skipped: readonly Skipped[]): Verdict {
    const { epoch } = this.ruleset;
    return epoch === undefined || epoch === snapshot.epoch ? this.takeSnapshot(snapshot, skipped) : IGNORED;
  }

  takeSnapshot(snapshot: Snapshot, skipped: readonly Skipped[]): Verdict {
    const { ruleset } = this;
    if (this.#left.includes(snapshot.epoch)) return epochWentBack(snapshot.epoch, ruleset);
    if (ruleset.epoch === snapshot.epoch) {
      if (snapshot.revision < ruleset.revision) return revisionWentBack(snapshot.revision, ruleset);
      if (snapshot.revision === ruleset.revision && snapshot.digest === ruleset.digest) {
        this.#resyncing = false;
        return CURRENT;
      }
    } else if (ruleset.epoch !== undefined) {
      this.#left = [...this.#left, ruleset.epoch].slice(-LEFT_EPOCHS_MAX);
    }
    const flags = ruleset.replace(snapshot);
    this.#resyncing = false;
    this.#digestFits = skipped.length === 0 && ruleset.digest === snapshot.digest;
    return { kind: "changed", flags, drifted: false };
  }

  takeDelta(delta: Delta, skipped: readonly Skipped[]): Verdict {
    const { ruleset } = this;
    if (this.#left.includes(delta.epoch)) return epochWentBack(delta.epoch, ruleset);
    const result = ruleset.apply(delta);
    switch (result.kind) {
      case "applied": {
        if (skipped.length > 0) this.#digestFits = false;
        const drifted = this.#digestFits && ruleset.digest !== delta.digest;
        if (drifted) this.#resyncing = true;
        return { kind: "changed", flags: result.changed, drifted };
      }
      case "old":
        return delta.revision === ruleset.revision ? CURRENT : IGNORED;
      case "gap":
        return this.#resync(
          `a delta from ${formatBasis({ epoch: delta.epoch, revision: delta.from })} does not fit what is held, ${held(ruleset)}`,
        );
    }
  }

  takeHeartbeat(heartbeat: Heartbeat): Verdict {
    const { ruleset } = this;
    if (ruleset.epoch === undefined) return IGNORED;
    if (this.#left.includes(heartbeat.epoch)) return epochWentBack(heartbeat.epoch, ruleset);
    const there = formatBasis(heartbeat);
    if (heartbeat.epoch !== ruleset.epoch)
      return this.#resync(`the server is at ${there}, another epoch than what is held, ${held(ruleset)}`);
    if (heartbeat.revision < ruleset.revision) return revisionWentBack(heartbeat.revision, ruleset);
    if (heartbeat.revision > ruleset.revision)
      return this.#resync(`the server is at ${there}, and what led there from ${held(ruleset)} did not arrive`);
    if (this.#digestFits && heartbeat.digest !== ruleset.digest) {
      return this.#resync(`the digest at ${there} is ${heartbeat.digest}, and of what is held ${ruleset.digest}`);
    }
    return CURRENT;
  }

  #resync(reason: string): Verdict {
    this.#resyncing = true;
    return { kind: "resync", reason };
  }
}

function held(ruleset: Ruleset): string {
  return ruleset.epoch === undefined ? "nothing" : formatBasis({ epoch: ruleset.epoch, revision: ruleset.revision });
}

function revisionWentBack(revision: number, ruleset: Ruleset): Verdict {
  const message = `the server is at revision ${revision} of epoch ${ruleset.epoch}, older than revision ${ruleset.revision}, which is kept. Was a backup restored? It should have a new epoch`;
  return { kind: "behind", code: "REVISION_WENT_BACK", message };
}

function epochWentBack(epoch: string, ruleset: Ruleset): Verdict {
  const message = `the server is at epoch ${epoch}, which was left for ${ruleset.epoch} before; ${held(ruleset)} is kept`;
  return { kind: "behind", code: "EPOCH_WENT_BACK", message };
}

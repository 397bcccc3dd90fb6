import { formatBasis } from "../wire/basis.ts";
import { isOlderEpoch } from "../wire/epoch.ts";
import type { Skipped } from "../wire/parsed.ts";
import type { Basis, Delta, Emergency, Heartbeat, Snapshot } from "../wire/types.ts";
import type { Ruleset } from "../ruleset/ruleset.ts";
import { History } from "./history.ts";
import type { Verdict } from "./verdict.ts";

const CURRENT: Verdict = { kind: "current" };
const IGNORED: Verdict = { kind: "ignored" };

/** The rules that the client holds, and the one place that decides whether something replaces them. */
export class Holdings {
  readonly ruleset: Ruleset;
  readonly #history = new History();
  /** See `#canDigestFit`. */
  #digestFits = false;
  /** The digest that came with the snapshot that is held, as long as it was compared with nothing. */
  #unchecked: string | undefined;
  /** A snapshot is needed, whatever revision it has. */
  #resyncing = false;

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset;
  }

  get leftEpochs(): readonly string[] {
    return this.#history.leftEpochs;
  }

  get at(): Basis | undefined {
    return this.#history.at;
  }

  /** `epoch:revision` to resume from; undefined: a snapshot is needed. */
  basis(): string | undefined {
    const { at } = this.#history;
    return at === undefined || this.#resyncing ? undefined : formatBasis(at);
  }

  /** Takes what a process before this one held, when nothing is held yet. */
  restore(snapshot: Snapshot, leftEpochs: readonly string[]): boolean {
    if (this.ruleset.epoch !== undefined) return false;
    this.#history.inherit(leftEpochs);
    return this.takeSnapshot(snapshot, []).kind === "changed";
  }

  /** Takes a snapshot that was not made by the server just now, only to fill or to move forward what is held. */
  bootstrap(snapshot: Snapshot, skipped: readonly Skipped[]): Verdict {
    const { epoch } = this.ruleset;
    const fits = epoch === undefined || epoch === snapshot.epoch || isOlderEpoch(epoch, snapshot.epoch);
    return fits ? this.takeSnapshot(snapshot, skipped) : IGNORED;
  }

  takeSnapshot(snapshot: Snapshot, skipped: readonly Skipped[]): Verdict {
    const { ruleset } = this;
    const behind = this.#history.behind(snapshot);
    if (behind !== undefined) return behind;
    if (
      snapshot.epoch === ruleset.epoch &&
      snapshot.revision === ruleset.revision &&
      snapshot.digest === ruleset.digest
    ) {
      this.#resyncing = false;
      const off = ruleset.overrule(snapshot.off ?? [], snapshot.revision);
      return off.length === 0 ? CURRENT : { kind: "changed", flags: off };
    }
    const replaced = ruleset.replace(snapshot);
    const flags = [...new Set([...replaced, ...ruleset.overrule(snapshot.off ?? [], snapshot.revision)])];
    this.#moved();
    this.#resyncing = false;
    this.#unchecked = skipped.length === 0 ? snapshot.digest : undefined;
    this.#digestFits = false;
    return { kind: "changed", flags };
  }

  takeDelta(delta: Delta, skipped: readonly Skipped[]): Verdict {
    const { ruleset } = this;
    const behind = this.#history.behind(delta);
    // A delta that was told already is no sign of a server that went back, unless it is of another epoch.
    if (behind?.code === "EPOCH_WENT_BACK") return behind;
    const couldFit = this.#canDigestFit();
    const result = ruleset.apply(delta);
    switch (result.kind) {
      case "applied": {
        this.#moved();
        this.#digestFits = couldFit && skipped.length === 0;
        if (!this.#digestFits || ruleset.digest === delta.digest) return { kind: "changed", flags: result.changed };
        this.#resyncing = true;
        const drifted = `after revision ${ruleset.revision} the digest is not the server's`;
        return { kind: "changed", flags: result.changed, drifted };
      }
      case "old":
        return delta.revision === ruleset.revision ? CURRENT : IGNORED;
      case "gap":
        return this.#resync(
          `a delta from ${formatBasis({ epoch: delta.epoch, revision: delta.from })} does not fit what is held, ${this.#held()}`,
        );
    }
  }

  takeHeartbeat(heartbeat: Heartbeat): Verdict {
    const { ruleset } = this;
    if (ruleset.epoch === undefined) return IGNORED;
    const behind = this.#history.behind(heartbeat);
    if (behind !== undefined) return behind;
    const there = formatBasis(heartbeat);
    if (heartbeat.epoch !== ruleset.epoch)
      return this.#resync(`the server is at ${there}, another epoch than what is held, ${this.#held()}`);
    if (heartbeat.revision > ruleset.revision)
      return this.#resync(`the server is at ${there}, and what led there from ${this.#held()} did not arrive`);
    if (this.#canDigestFit() && heartbeat.digest !== ruleset.digest) {
      return this.#resync(`the digest at ${there} is ${heartbeat.digest}, and of what is held ${ruleset.digest}`);
    }
    return CURRENT;
  }

  /** Takes what is above all revisions so far. */
  takeEmergency({ epoch, revision, off }: Emergency): Verdict {
    const { ruleset } = this;
    if (ruleset.epoch === undefined) return IGNORED;
    if (epoch !== ruleset.epoch)
      return (
        this.#history.behind({ epoch, revision }) ?? this.#resync(`flags were taken back in ${epoch}, another epoch`)
      );
    // What led there is older than what is taken back, and would bring it back; the snapshot has both.
    if (revision > ruleset.revision)
      return this.#resync(`flags were taken back at ${revision}, and what led there from ${this.#held()} is missing`);
    const flags = ruleset.overrule(off, revision);
    // Of a server that lags it proves nothing; what it takes back is taken back all the same.
    return flags.length > 0 ? { kind: "changed", flags } : IGNORED;
  }

  /**
   * Whether the digest could be the server's at all: not while an item was skipped, or since a snapshot did not fit its own. A snapshot's is
   * compared when the next one comes, so that no start has to wait for it.
   */
  #canDigestFit(): boolean {
    if (this.#unchecked !== undefined) {
      this.#digestFits = this.ruleset.digest === this.#unchecked;
      this.#unchecked = undefined;
    }
    return this.#digestFits;
  }

  #moved(): void {
    const { epoch, revision } = this.ruleset;
    if (epoch !== undefined) this.#history.move({ epoch, revision });
  }

  #held(): string {
    const { at } = this.#history;
    return at === undefined ? "nothing" : formatBasis(at);
  }

  #resync(reason: string): Verdict {
    this.#resyncing = true;
    return { kind: "resync", reason };
  }
}

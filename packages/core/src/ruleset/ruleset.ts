import type { LinearRegex } from "../clause/regex.ts";
import type { EvaluationDetails } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import type { Skipped } from "../wire/parsed.ts";
import type { Delta, Snapshot } from "../wire/types.ts";

export interface RulesetOptions {
  /** Without it, clauses with `matches` never hold, and their flags are among `problems`. */
  readonly regex?: LinearRegex;
  /** Milliseconds since the server was last heard of; read only for flags with a lease. Without it no lease runs out. */
  readonly silenceMs?: () => number;
}

export type ApplyResult =
  | { readonly kind: "applied"; readonly changed: readonly string[] }
  /** At or behind what is held: nothing to do. */
  | { readonly kind: "old" }
  /** Something between is missing, or the epoch is another: ask for a snapshot. */
  | { readonly kind: "gap" };

export interface Explanation {
  readonly details: EvaluationDetails;
  readonly steps: readonly { readonly step: string; readonly outcome: string }[];
}

export class Ruleset {
  environment = "";
  epoch: string | undefined = undefined;
  revision = 0;
  /** Of the items held: equals the server's when none is lost or stale. */
  get digest(): string { throw new Error("not written yet"); }
  /** The shortest lease of any flag; undefined: no flag has one. */
  get minLeaseMs(): number | undefined { throw new Error("not written yet"); }
  constructor(_options: RulesetOptions = {}) {}
  /** Takes a snapshot as it is, whatever was held. Returns the keys of the flags that changed. */
  replace(_snapshot: Snapshot): readonly string[] { throw new Error("not written yet"); }
  /** All or nothing; never throws. */
  apply(_delta: Delta): ApplyResult { throw new Error("not written yet"); }
  keys(): readonly string[] { throw new Error("not written yet"); }
  has(_flag: string): boolean { throw new Error("not written yet"); }
  /** What is held, for the disk cache. */
  snapshot(): Snapshot { throw new Error("not written yet"); }
  /** Flags and segments that are held but can't be evaluated wholly, and why. */
  problems(): readonly Skipped[] { throw new Error("not written yet"); }
  isEnabled(_flag: string, _user: User, _defaultValue: boolean): boolean { throw new Error("not written yet"); }
  evaluate<T extends JsonValue>(_flag: string, _user: User, _defaultValue: T): EvaluationDetails<T> { throw new Error("not written yet"); }
  explain(_flag: string, _user: User): Explanation { throw new Error("not written yet"); }
  /** Whether the user is in the flag's cohort: is served another variant than the off variant. */
  isOn(_flag: string, _user: User): boolean { throw new Error("not written yet"); }
}

import type { LinearRegex } from "../clause/regex.ts";
import { decide, decideByRules, KEY_MISSING, type World } from "../evaluation/decide.ts";
import { evaluateFlag, failed, type Question } from "../evaluation/evaluate.ts";
import { BY_RULES, type CompiledFlag } from "../evaluation/flag.ts";
import { Trace, type ExplanationStep } from "../evaluation/trace.ts";
import { BOOLEAN_TABLE, OFF, ON } from "../evaluation/variants.ts";
import { BUCKETS, isBucketBelow } from "../hash/bucket.ts";
import { dividingThousandths, draw, NOT_DRAWN, type Draw } from "../measure/draw.ts";
import { countAsked, type EvaluationCounts } from "../measure/evaluation-counts.ts";
import type { EvaluationDetails } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import type { Skipped } from "../wire/parsed.ts";
import type { Delta, Snapshot, WireFlag } from "../wire/types.ts";
import { Content } from "./content.ts";
import { findProblems } from "./problems.ts";

/** What a ruleset needs of its surroundings. */
export interface RulesetOptions {
  /** Without it, clauses with `matches` never hold, and their flags are among `problems`. */
  readonly regex?: LinearRegex;
  /** Milliseconds since the server was last heard of; asked only for flags with a lease. Without it no lease runs out. */
  readonly silenceMs?: () => number;
  /** Hears of every `isEnabled`, `evaluate` and `drawAsked`. Without it nothing is counted. */
  readonly counts?: EvaluationCounts;
}

/** What became of a delta. */
export type ApplyResult =
  | { readonly kind: "applied"; readonly changed: readonly string[] }
  /** At or behind what is held: nothing to do. */
  | { readonly kind: "old" }
  /** Something in between is missing, or the epoch is another: ask for a snapshot. */
  | { readonly kind: "gap" };

/** What SDKs measure of a flag under a rollout. */
export interface Measuring {
  readonly metrics: readonly string[];
  /** The percentage that divides the units, in thousandths of a percent; undefined while everybody, or nobody, is on. */
  readonly thousandths: number | undefined;
}

/** A flag's value for a user, and how it came about. */
export interface Explanation {
  readonly details: EvaluationDetails;
  /** What was asked in turn, and the answer, ending with what decided. */
  readonly steps: readonly ExplanationStep[];
}

/**
 * The flags and segments of one environment at one revision, compiled for evaluation. Frames are taken as the parser hands them
 * out; each is compiled before anything is touched, so that one is in effect wholly or not at all.
 */
export class Ruleset {
  readonly #content: Content;
  /** The content's flags at hand, for the fast path. */
  readonly #flags: ReadonlyMap<string, CompiledFlag>;
  readonly #world: World;
  readonly #counts: EvaluationCounts | undefined;
  #environment = "";
  #epoch: string | undefined = undefined;
  #revision = 0;

  constructor(options: RulesetOptions = {}) {
    this.#content = new Content(options.regex);
    this.#flags = this.#content.flags;
    this.#counts = options.counts;
    this.#world = { content: this.#content, silenceMs: options.silenceMs ?? (() => 0) };
  }

  /** Empty before the first snapshot. */
  get environment(): string {
    return this.#environment;
  }

  /** Undefined before the first snapshot. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** 0 before the first snapshot. */
  get revision(): number {
    return this.#revision;
  }

  /** See `digestOf`. Equals the server's unless an item was lost, is stale or could not be read. */
  get digest(): string {
    return this.#content.digest;
  }

  /** The shortest lease of any flag; undefined: no flag has one. Walks all flags. */
  get minLeaseMs(): number | undefined {
    let shortest: number | undefined;
    for (const { targeting } of this.#flags.values()) {
      if (targeting.leaseMs !== undefined && !(targeting.leaseMs >= (shortest ?? Infinity)))
        shortest = targeting.leaseMs;
    }
    return shortest;
  }

  /**
   * Takes a snapshot as it is, whatever was held: whether to is for the caller to decide. Returns the keys of the flags that may
   * answer differently now. Within an epoch, what has the same revision is kept as it is, and of what could not be read the last
   * good one stays.
   */
  replace(snapshot: Snapshot): readonly string[] {
    const isSameHistory = snapshot.epoch === this.#epoch;
    const changed = isSameHistory ? this.#content.update(snapshot) : this.#content.reset(snapshot);
    this.#environment = snapshot.environment;
    this.#epoch = snapshot.epoch;
    this.#revision = snapshot.revision;
    return changed;
  }

  /** Applies a delta wholly, or leaves everything as it is. Never throws. */
  apply(delta: Delta): ApplyResult {
    if (delta.epoch !== this.#epoch) return { kind: "gap" };
    if (delta.from !== this.#revision) return { kind: delta.revision <= this.#revision ? "old" : "gap" };
    const changed = this.#content.change(delta);
    this.#revision = delta.revision;
    return { kind: "applied", changed };
  }

  /**
   * Takes flags back for everybody above what is held of them up to `revision`, until a later revision of each says otherwise. Revision and
   * digest stay. Returns the keys of the flags that may answer differently now.
   */
  overrule(off: readonly string[], revision: number): readonly string[] {
    const flags = off.flatMap((key) => {
      const held = this.#flags.get(key);
      return held === undefined || !held.enabled || held.revision > revision
        ? []
        : [{ ...held.toWire(), enabled: false }];
    });
    return flags.length === 0
      ? []
      : this.#content.change({ flags, segments: [], removedFlags: [], removedSegments: [] });
  }

  keys(): readonly string[] {
    return [...this.#flags.keys()];
  }

  has(flag: string): boolean {
    return this.#flags.has(flag);
  }

  /** The environment's revision at which a flag last changed; undefined: there is no such flag. */
  flagRevision(flag: string): number | undefined {
    return this.#flags.get(flag)?.revision;
  }

  /** What is held of some flags; unknown ones are left out. */
  wireFlags(keys: readonly string[]): readonly WireFlag[] {
    return keys.flatMap((key) => this.#flags.get(key)?.toWire() ?? []);
  }

  /** What is held, to be kept by a cache. Built anew from the compiled form; its epoch is empty before the first snapshot. */
  snapshot(): Snapshot {
    return {
      environment: this.#environment,
      epoch: this.#epoch ?? "",
      revision: this.#revision,
      digest: this.digest,
      flags: [...this.#flags.values()].map((flag) => flag.toWire()),
      segments: this.#content.segments().map((segment) => segment.toWire()),
    };
  }

  /** Flags and segments that are held but can't be evaluated wholly, and why. Walks everything. */
  problems(): readonly Skipped[] {
    return findProblems(this.#content);
  }

  /**
   * The boolean that the flag has for the user; `defaultValue` when there is none. Never throws and allocates nothing, and serves
   * what `evaluate` would: the first lines only spare the flags that nearly every call asks for the walk through `decide`.
   */
  isEnabled(flag: string, user: User, defaultValue: boolean): boolean {
    const compiled = this.#flags.get(flag);
    if (compiled === undefined) {
      this.#counts?.unknown(flag);
      return defaultValue;
    }
    const limit = compiled.shortcut;
    if (limit > 0 && limit < BUCKETS && typeof user === "string" && user !== "") {
      const isOn = isBucketBelow(user, compiled.seed, limit);
      this.#count(compiled, isOn ? ON : OFF);
      return isOn;
    }
    const variant = this.#variantOf(compiled, user);
    this.#count(compiled, variant);
    return variant === KEY_MISSING ? defaultValue : variant === ON;
  }

  #variantOf(flag: CompiledFlag, user: User): number {
    const { shortcut } = flag;
    if (shortcut === 0) return OFF;
    if (shortcut === BUCKETS) return ON;
    if (flag.variants !== BOOLEAN_TABLE) return KEY_MISSING;
    try {
      return shortcut === BY_RULES ? decideByRules(flag, user) : decide(flag, user, this.#world, undefined);
    } catch {
      // A user that can't be read; `evaluate` tells why.
      return KEY_MISSING;
    }
  }

  #count(flag: CompiledFlag, variant: number): void {
    const { asked } = flag;
    if (asked === undefined) this.#counts?.begin(flag, variant);
    else countAsked(asked, variant);
  }

  /** Whether the user is in the flag's cohort: is served another variant than the off variant. False for unknown flags. */
  isOn(flag: string, user: User): boolean {
    const compiled = this.#flags.get(flag);
    if (compiled === undefined) return false;
    try {
      const variant = decide(compiled, user, this.#world, undefined);
      return variant !== KEY_MISSING && variant !== compiled.offVariant;
    } catch {
      return false;
    }
  }

  /** The flags that are measured by each metric (`run` is one). Empty while no rollout is under way. */
  get measured(): ReadonlyMap<string, readonly string[]> {
    return this.#content.measured;
  }

  /** What is measured of a flag now, by the metrics named; undefined: nothing, or there is no such flag. */
  measuring(flag: string): Measuring | undefined {
    const compiled = this.#flags.get(flag);
    const metrics = compiled?.targeting.measures;
    return compiled === undefined || metrics === undefined
      ? undefined
      : { metrics, thousandths: dividingThousandths(compiled) };
  }

  /** Where the flag puts the user, for measuring. Never throws. */
  draw(flag: string, user: User): Draw {
    const compiled = this.#flags.get(flag);
    return compiled === undefined ? NOT_DRAWN : draw(compiled, user, this.#world);
  }

  /** As `draw`, for who will act on it: an evaluation like any other. */
  drawAsked(flag: string, user: User): Draw {
    const compiled = this.#flags.get(flag);
    if (compiled === undefined) {
      this.#counts?.unknown(flag);
      return NOT_DRAWN;
    }
    const drawn = draw(compiled, user, this.#world);
    this.#count(compiled, drawn === NOT_DRAWN ? KEY_MISSING : drawn.isOn ? ON : OFF);
    return drawn;
  }

  /** The flag's value for the user with reason, variant and error; undefined or null as default: of any type. Never throws. */
  evaluate<T extends JsonValue>(flag: string, user: User, defaultValue: T): EvaluationDetails<T> {
    const compiled = this.#flags.get(flag);
    const details = this.#evaluate(compiled, { flagKey: flag, user, defaultValue }, new Trace({ explain: false }));
    if (compiled === undefined) this.#counts?.unknown(flag);
    else this.#count(compiled, details.variant === undefined ? KEY_MISSING : variantIn(compiled, details.variant));
    return details;
  }

  /** As `evaluate`, with every step on the way; it counts nowhere. */
  explain(flag: string, user: User, defaultValue: JsonValue = null): Explanation {
    const trace = new Trace({ explain: true });
    const details = this.#evaluate(this.#flags.get(flag), { flagKey: flag, user, defaultValue }, trace);
    const steps = trace.steps ?? [];
    if (details.errorMessage !== undefined) steps.push({ step: "error", outcome: details.errorMessage });
    return { details, steps };
  }

  #evaluate<T extends JsonValue>(
    flag: CompiledFlag | undefined,
    question: Question<T>,
    trace: Trace,
  ): EvaluationDetails<T> {
    if (flag !== undefined) return evaluateFlag(flag, question, this.#world, this, trace);
    return this.#epoch === undefined
      ? failed(question, this, "PROVIDER_NOT_READY", "no flags were loaded yet: await init, or give a bootstrap")
      : failed(
          question,
          this,
          "FLAG_NOT_FOUND",
          `there is no such flag in ${this.#environment} at revision ${this.#revision}`,
        );
  }
}

const variantIn = ({ variants }: CompiledFlag, name: string): number => variants.names.indexOf(name);

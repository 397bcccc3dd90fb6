import { compileAttribute, type Attribute } from "../clause/attribute.ts";
import { allOf, compileAttributeClause, type Test } from "../clause/compile.ts";
import type { LinearRegex } from "../clause/regex.ts";
import { BUCKETS, seedOf } from "../hash/bucket.ts";
import { NO_PREREQUISITES, NO_TARGETS, TARGETING_KEY } from "../model/defaults.ts";
import type { Clause, FlagConfig, Prerequisite, Rule } from "../model/flag.ts";
import { compileSegmentClause, type SegmentSlot } from "../segment/compile.ts";
import type { WireFlag } from "../wire/types.ts";
import { serveOf, ServeCompiler, type CompiledServe, type VariantScope } from "./serve.ts";
import { BOOLEAN_TABLE, indexOfVariant, OFF, ON, variantsOf, variantTable, type VariantTable } from "./variants.ts";

/** A rule with its clauses compiled, in the order of `source.clauses`. */
export interface CompiledRule {
  readonly source: Rule;
  readonly tests: readonly Test[];
  /** All of `tests`. */
  readonly matches: Test;
  readonly serve: CompiledServe;
}

/** What most flags have none of, apart from the flag, so that those can share one. */
export interface Targeting {
  /** Id → variant; undefined: none, which spares every evaluation a look. */
  readonly targets: ReadonlyMap<string, number> | undefined;
  readonly rules: readonly CompiledRule[];
  readonly prerequisites: readonly Prerequisite[];
  /** Whether there is a lease or a prerequisite, which come before the user: one look instead of two. */
  readonly isGuarded: boolean;
  /** Whether there is a target or a rule, which are about the user: one look instead of two. */
  readonly isSelective: boolean;
  /** Undefined: the flag's key. */
  readonly salt: string | undefined;
  /** Undefined: the user's id. */
  readonly bucketBy: { readonly name: string; readonly attribute: Attribute } | undefined;
  readonly leaseMs: number | undefined;
  /** Undefined: nothing is measured. */
  readonly measures: readonly string[] | undefined;
}

/** No targets, rules, prerequisites or lease, and the cohort by salt and id that every flag has to begin with. */
export const NO_TARGETING: Targeting = {
  targets: undefined,
  rules: [],
  prerequisites: NO_PREREQUISITES,
  isGuarded: false,
  isSelective: false,
  salt: undefined,
  bucketBy: undefined,
  leaseMs: undefined,
  measures: undefined,
};

/** What `CompiledFlag.shortcut` is where there is none. */
export const NO_SHORTCUT = -1;
/** What it is for a boolean flag of nothing but rules and a percentage: `decideByRules` will do. */
export const BY_RULES = -2;

/**
 * A flag as it is held for evaluation. It has few fields, and small integers where it can, because an environment has thousands of
 * flags, and one shape, because every evaluation reads one.
 */
export class CompiledFlag {
  readonly key: string;
  readonly revision: number;
  readonly enabled: boolean;
  readonly variants: VariantTable;
  readonly offVariant: number;
  readonly fallthrough: CompiledServe;
  readonly targeting: Targeting;
  /**
   * For a boolean flag that is disabled, or has nothing but a percentage: the bucket below which it is on. `BY_RULES` or `NO_SHORTCUT`
   * for the others; `NO_SHORTCUT` also while a bucket would need the seed and there is none yet.
   */
  shortcut: number;
  /**
   * The salt's hash as a signed integer, which needs no allocation of its own; to be had from `seedOfSalt`, unless `shortcut` is a
   * bucket. 0 while it was not needed (and for one salt in four thousand million, which is then hashed every time).
   */
  seed = 0;
  /** How often it was asked for since the last report, by outcome; undefined: not at all, or nobody counts. See `EvaluationCounts`. */
  asked: number[] | undefined = undefined;

  constructor(flag: WireFlag, compiler: FlagCompiler) {
    this.key = flag.key;
    this.revision = flag.revision;
    this.enabled = flag.enabled;
    this.variants = variantTable(flag.type, flag.variants);
    this.offVariant = indexOfVariant(this.variants, flag.offVariant, 0);
    this.fallthrough = compiler.serves.compile(flag.fallthrough, this);
    this.targeting = compiler.targeting(flag, this);
    const shortcut = shortcutOf(this);
    this.shortcut = shortcut > 0 && shortcut < BUCKETS ? NO_SHORTCUT : shortcut;
  }

  /** Hashes the salt at the first need of a bucket: for all flags at once, by code that is not warm yet, it would be a third of the start-up. */
  seedOfSalt(): number {
    if (this.seed === 0) {
      this.seed = seedOf(this.targeting.salt ?? this.key) | 0;
      this.shortcut = shortcutOf(this);
    }
    return this.seed;
  }

  /** As it came, for a snapshot of the whole: nothing of the received JSON is kept. */
  toWire(): WireFlag {
    const { targets, rules, prerequisites, salt, bucketBy, leaseMs, measures } = this.targeting;
    const flag: WireFlag = {
      key: this.key,
      revision: this.revision,
      type: this.variants.type,
      variants: variantsOf(this.variants),
      enabled: this.enabled,
      offVariant: this.variants.names[this.offVariant] ?? "",
      targets: targetsOf(targets, this.variants),
      rules: rules.map((rule) => rule.source),
      fallthrough: serveOf(this.fallthrough, this.variants),
      salt: salt ?? this.key,
      bucketBy: bucketBy?.name ?? TARGETING_KEY,
      prerequisites,
    };
    if (leaseMs === undefined && measures === undefined) return flag;
    return {
      ...flag,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(measures === undefined ? {} : { measures }),
    };
  }
}

function compileTargets(targets: FlagConfig["targets"], { variants, offVariant }: VariantScope): Targeting["targets"] {
  if (targets === NO_TARGETS) return undefined;
  const entries = Object.entries(targets);
  return entries.length === 0
    ? undefined
    : new Map(entries.map(([id, name]) => [id, indexOfVariant(variants, name, offVariant)]));
}

function targetsOf(targets: Targeting["targets"], variants: VariantTable): FlagConfig["targets"] {
  if (targets === undefined) return NO_TARGETS;
  const record = Object.create(null) as { [id: string]: string };
  for (const [id, variant] of targets) record[id] = variants.names[variant] ?? "";
  return record;
}

function shortcutOf({ enabled, variants, offVariant, fallthrough, targeting }: CompiledFlag): number {
  if (variants !== BOOLEAN_TABLE) return NO_SHORTCUT;
  if (!enabled) return offVariant === OFF ? 0 : BUCKETS;
  if (targeting.isGuarded || targeting.targets !== undefined || targeting.bucketBy !== undefined) return NO_SHORTCUT;
  if (!isTwoWay(fallthrough) || !targeting.rules.every((rule) => isTwoWay(rule.serve))) return NO_SHORTCUT;
  if (targeting.rules.length > 0) return BY_RULES;
  if (fallthrough.first === fallthrough.rest) return fallthrough.first === ON ? BUCKETS : 0;
  return fallthrough.first === ON ? fallthrough.limit : NO_SHORTCUT;
}

function isTwoWay(serve: CompiledServe): boolean {
  return serve.more === undefined;
}

/** Compiles the flags of one frame, with what they share. */
export class FlagCompiler {
  readonly serves = new ServeCompiler();
  readonly #regex: LinearRegex | undefined;
  readonly #slotOf: (segment: string) => SegmentSlot;

  constructor(regex: LinearRegex | undefined, slotOf: (segment: string) => SegmentSlot) {
    this.#regex = regex;
    this.#slotOf = slotOf;
  }

  targeting(flag: WireFlag, scope: VariantScope): Targeting {
    const salt = flag.salt === flag.key ? undefined : flag.salt;
    const targets = compileTargets(flag.targets, scope);
    const isPlain =
      targets === undefined &&
      flag.rules.length === 0 &&
      flag.prerequisites.length === 0 &&
      salt === undefined &&
      flag.bucketBy === TARGETING_KEY &&
      flag.leaseMs === undefined &&
      flag.measures === undefined;
    if (isPlain) return NO_TARGETING;
    return {
      targets,
      rules: flag.rules.map((rule) => this.#rule(rule, scope)),
      prerequisites: flag.prerequisites,
      isGuarded: flag.prerequisites.length > 0 || flag.leaseMs !== undefined,
      isSelective: targets !== undefined || flag.rules.length > 0,
      salt,
      bucketBy:
        flag.bucketBy === TARGETING_KEY
          ? undefined
          : { name: flag.bucketBy, attribute: compileAttribute(flag.bucketBy) },
      leaseMs: flag.leaseMs,
      measures: flag.measures,
    };
  }

  #rule(rule: Rule, scope: VariantScope): CompiledRule {
    const tests = rule.clauses.map((clause) => this.#test(clause));
    return { source: rule, tests, matches: allOf(tests), serve: this.serves.compile(rule.serve, scope) };
  }

  #test(clause: Clause): Test {
    return clause.op === "inSegment"
      ? compileSegmentClause(clause, this.#slotOf)
      : compileAttributeClause(clause, this.#regex);
  }
}

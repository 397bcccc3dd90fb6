import { compileAttribute, type Attribute } from "../clause/attribute.ts";
import { compileAttributeClause, type Test } from "../clause/compile.ts";
import type { LinearRegex } from "../clause/regex.ts";
import { BUCKETS, seedOf } from "../hash/bucket.ts";
import { NO_PREREQUISITES, NO_TARGETS, TARGETING_KEY } from "../model/defaults.ts";
import type { Clause, FlagConfig, Prerequisite, Rule } from "../model/flag.ts";
import { compileSegmentClause, type SegmentSlot } from "../segment/compile.ts";
import type { WireFlag } from "../wire/types.ts";
import { serveOf, ServeCompiler, type CompiledServe } from "./serve.ts";
import { BOOLEAN_TABLE, OFF, ON, variantsOf, variantTable, type VariantTable } from "./variants.ts";

/** A rule with its clauses compiled, in the order of `source.clauses`. */
export interface CompiledRule {
  readonly source: Rule;
  readonly tests: readonly Test[];
  readonly serve: CompiledServe;
}

/** What most flags have none of, apart from the flag, so that those can share one. */
export interface Targeting {
  /** Id → variant. */
  readonly targets: ReadonlyMap<string, number>;
  readonly rules: readonly CompiledRule[];
  readonly prerequisites: readonly Prerequisite[];
  /** Undefined: the flag's key. */
  readonly salt: string | undefined;
  /** Undefined: the user's id. */
  readonly bucketBy: { readonly name: string; readonly attribute: Attribute } | undefined;
  readonly leaseMs: number | undefined;
}

/** No targets, rules, prerequisites or lease, and the cohort by salt and id that every flag has to begin with. */
export const NO_TARGETING: Targeting = {
  targets: new Map(),
  rules: [],
  prerequisites: NO_PREREQUISITES,
  salt: undefined,
  bucketBy: undefined,
  leaseMs: undefined,
};

/** What `CompiledFlag.shortcut` is where there is none. */
export const NO_SHORTCUT = -1;

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
  /** The salt's hash as a signed integer, which needs no allocation of its own. */
  readonly seed: number;
  readonly fallthrough: CompiledServe;
  readonly targeting: Targeting;
  /** For a boolean flag without targeting, the whole of it: on below this bucket (0 when disabled). Else `NO_SHORTCUT`. */
  readonly shortcut: number;

  constructor(flag: WireFlag, compiler: FlagCompiler) {
    const variants = variantTable(flag.type, flag.variants);
    const indexOf = (name: string): number => {
      const index = variants.names.indexOf(name);
      return index === -1 ? offVariant : index;
    };
    // Unknown names are refused where flags are read and written; here they must only be harmless.
    const offVariant = Math.max(0, variants.names.indexOf(flag.offVariant));
    this.key = flag.key;
    this.revision = flag.revision;
    this.enabled = flag.enabled;
    this.variants = variants;
    this.offVariant = offVariant;
    this.seed = seedOf(flag.salt) | 0;
    this.fallthrough = compiler.serves.compile(flag.fallthrough, indexOf);
    this.targeting = compiler.targeting(flag, indexOf);
    this.shortcut = shortcutOf(this);
  }

  /** As it came, for a snapshot of the whole: nothing of the received JSON is kept. */
  toWire(): WireFlag {
    const { targets, rules, prerequisites, salt, bucketBy, leaseMs } = this.targeting;
    const flag: WireFlag = {
      key: this.key,
      revision: this.revision,
      type: this.variants.type,
      variants: variantsOf(this.variants),
      enabled: this.enabled,
      offVariant: this.variants.names[this.offVariant] ?? "",
      targets: this.#targets(targets),
      rules: rules.map((rule) => rule.source),
      fallthrough: serveOf(this.fallthrough, this.variants),
      salt: salt ?? this.key,
      bucketBy: bucketBy?.name ?? TARGETING_KEY,
      prerequisites,
    };
    return leaseMs === undefined ? flag : { ...flag, leaseMs };
  }

  #targets(targets: ReadonlyMap<string, number>): FlagConfig["targets"] {
    if (targets.size === 0) return NO_TARGETS;
    const record = Object.create(null) as { [id: string]: string };
    for (const [id, variant] of targets) record[id] = this.variants.names[variant] ?? "";
    return record;
  }
}

function shortcutOf(flag: CompiledFlag): number {
  const { fallthrough } = flag;
  if (flag.targeting !== NO_TARGETING || flag.variants !== BOOLEAN_TABLE) return NO_SHORTCUT;
  if (!flag.enabled) return flag.offVariant === OFF ? 0 : BUCKETS;
  if (fallthrough.first === fallthrough.rest) return fallthrough.first === ON ? BUCKETS : 0;
  return fallthrough.first === ON && fallthrough.more === undefined ? fallthrough.limit : NO_SHORTCUT;
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

  targeting(flag: WireFlag, indexOf: (variant: string) => number): Targeting {
    const ids = Object.keys(flag.targets);
    const salt = flag.salt === flag.key ? undefined : flag.salt;
    const isPlain =
      ids.length === 0 &&
      flag.rules.length === 0 &&
      flag.prerequisites.length === 0 &&
      salt === undefined &&
      flag.bucketBy === TARGETING_KEY &&
      flag.leaseMs === undefined;
    if (isPlain) return NO_TARGETING;
    return {
      targets: new Map(ids.map((id) => [id, indexOf(flag.targets[id] ?? "")])),
      rules: flag.rules.map((rule) => this.#rule(rule, indexOf)),
      prerequisites: flag.prerequisites,
      salt,
      bucketBy:
        flag.bucketBy === TARGETING_KEY
          ? undefined
          : { name: flag.bucketBy, attribute: compileAttribute(flag.bucketBy) },
      leaseMs: flag.leaseMs,
    };
  }

  #rule(rule: Rule, indexOf: (variant: string) => number): CompiledRule {
    return {
      source: rule,
      tests: rule.clauses.map((clause) => this.#test(clause)),
      serve: this.serves.compile(rule.serve, indexOf),
    };
  }

  #test(clause: Clause): Test {
    return clause.op === "inSegment"
      ? compileSegmentClause(clause, this.#slotOf)
      : compileAttributeClause(clause, this.#regex);
  }
}

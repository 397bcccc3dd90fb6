import type { JsonObject, JsonValue } from "./json.ts";

/** What a flag's variants hold. All variants of a flag have the same type. */
export type FlagType = "boolean" | "string" | "number" | "json";

/** Named values of a flag. A boolean flag has exactly `on: true` and `off: false`. */
export type Variants = { readonly [name: string]: JsonValue };

/**
 * What a rule or the fallthrough gives.
 *
 * - `variant`: that variant to everybody.
 * - `percentage`: boolean flags only; the on variant to the cohort of `percentage` percent (0…100, at most
 *   three decimals), the off variant to the rest.
 * - `split`: each variant its share; the percentages add up to exactly 100. Shares are laid out in the order given, so the
 *   first share ramps like a percentage does.
 */
export type Serve =
  | { readonly variant: string }
  | { readonly percentage: number }
  | { readonly split: readonly SplitShare[] };

/** One variant's share of the users. */
export interface SplitShare {
  readonly variant: string;
  /** 0…100, at most three decimals. */
  readonly percentage: number;
}

/**
 * Operators of a clause. Text operators compare code units, case-sensitively; `matches` is a linear-time (RE2) regular
 * expression, unanchored; dates are RFC 3339 strings or epoch milliseconds; `semver*` follow semver 2.0 precedence;
 * `inCidr` takes IPv4 and IPv6 blocks; `inSegment` takes segment keys and reads no attribute.
 */
export type Operator =
  | "equals"
  | "in"
  | "contains"
  | "startsWith"
  | "endsWith"
  | "matches"
  | "lessThan"
  | "lessThanOrEqual"
  | "greaterThan"
  | "greaterThanOrEqual"
  | "before"
  | "after"
  | "semverEqual"
  | "semverLessThan"
  | "semverLessThanOrEqual"
  | "semverGreaterThan"
  | "semverGreaterThanOrEqual"
  | "inCidr"
  | "inSegment";

/**
 * One test of a context. It holds when any of `values` matches the attribute (any element of it, for a list).
 * `negate` turns the answer round, except that a missing attribute never matches, negated or not.
 * Nested attributes are named with a JSON pointer (`/address/country`); a plain name is a top-level attribute;
 * `targetingKey` is the id.
 */
export interface Clause {
  readonly attribute: string;
  readonly op: Operator;
  readonly values: readonly JsonValue[];
  readonly negate: boolean;
}

/** All clauses must hold. The first rule that matches decides. */
export interface Rule {
  /** Stable within the flag, shown by explanations and the audit. */
  readonly id: string;
  readonly description?: string;
  readonly clauses: readonly Clause[];
  readonly serve: Serve;
}

/** Another flag of the same environment that must serve one of `variants` for this user, or the off variant is served. */
export interface Prerequisite {
  readonly flag: string;
  readonly variants: readonly string[];
}

/** What a flag is, the same in every environment. */
export interface FlagDefinition {
  /** 1–128 of letters, digits and `._-/`. */
  readonly key: string;
  readonly type: FlagType;
  readonly description: string;
  readonly variants: Variants;
  readonly tags: readonly string[];
  readonly owner?: string;
  /** The day by which the flag should be gone, `YYYY-MM-DD`. */
  readonly expectedEnd?: string;
}

/** What a flag does in one environment. */
export interface FlagConfig {
  /** False: everybody gets the off variant, targets and rules included. The kill switch sets it. */
  readonly enabled: boolean;
  readonly offVariant: string;
  /** Id → variant. */
  readonly targets: { readonly [id: string]: string };
  readonly rules: readonly Rule[];
  readonly fallthrough: Serve;
  /** Flags that share a salt share a cohort. Defaults to the flag's key. */
  readonly salt: string;
  /** The attribute whose text is hashed. Defaults to `targetingKey`. */
  readonly bucketBy: string;
  readonly prerequisites: readonly Prerequisite[];
  /** Whether browsers and OFREP clients with a client key can see the flag. */
  readonly clientVisible: boolean;
  /** Milliseconds without contact after which SDKs serve the off variant; undefined: never. */
  readonly leaseMs?: number;
  /**
   * What SDKs count by unit and by cohort, each second, while a rollout is under way: tracked metrics by name, and `run` for what `run` and
   * `measure` see. Undefined: nothing.
   */
  readonly measures?: readonly string[];
}

/** A named set of users. `excluded` beats `included`, which beats `rules` (any rule matches). Its clauses can't use `inSegment`. */
export interface Segment {
  readonly key: string;
  readonly description: string;
  readonly included: readonly string[];
  readonly excluded: readonly string[];
  readonly rules: readonly { readonly clauses: readonly Clause[] }[];
}

/** The user or thing a flag is evaluated for: an id and attributes (OpenFeature's evaluation context). */
export interface EvaluationContext {
  readonly targetingKey?: string;
  readonly [attribute: string]: unknown;
}

/** What the SDKs take for a user: an id, or `targetingKey` (or `id`) with attributes. */
export type User = string | EvaluationContext | ({ readonly id: string } & { readonly [attribute: string]: unknown });

export type { JsonObject, JsonValue };

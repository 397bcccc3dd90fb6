import type { FlagConfig, FlagDefinition, FlagType, Prerequisite, Rule, Variants } from "./flag.ts";

/** The variants of every boolean flag. Shared, so that a thousand flags hold one. */
export const BOOLEAN_VARIANTS: Variants = Object.freeze({ on: true, off: false });

/** Shared empty values, so that a flag without targets, rules or prerequisites holds none of its own. */
export const NO_TARGETS: FlagConfig["targets"] = Object.freeze(Object.create(null) as FlagConfig["targets"]);
/** No rules, shared. */
export const NO_RULES: readonly Rule[] = Object.freeze([]);
/** No prerequisites, shared. */
export const NO_PREREQUISITES: readonly Prerequisite[] = Object.freeze([]);

/** The attribute that is hashed unless a flag says otherwise: the user's id. */
export const TARGETING_KEY = "targetingKey";

/** `on` and `off` for a boolean flag; none for the other types, whose variants only the caller can name. */
export function defaultVariants(type: FlagType): Variants {
  return type === "boolean" ? BOOLEAN_VARIANTS : {};
}

/** The variant that a flag serves while it is off: `off` for a boolean flag, else the first. Empty without any variant. */
export function defaultOffVariant(type: FlagType, variants: Variants): string {
  return type === "boolean" ? "off" : (Object.keys(variants)[0] ?? "");
}

/** A new flag's configuration: everybody gets the off variant until it is ramped. */
export function defaultConfig(definition: FlagDefinition): FlagConfig {
  const offVariant = defaultOffVariant(definition.type, definition.variants);
  return {
    enabled: true,
    offVariant,
    targets: NO_TARGETS,
    rules: NO_RULES,
    fallthrough: definition.type === "boolean" ? { percentage: 0 } : { variant: offVariant },
    salt: definition.key,
    bucketBy: TARGETING_KEY,
    prerequisites: NO_PREREQUISITES,
    clientVisible: false,
  };
}

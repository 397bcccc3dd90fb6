import type { FlagConfig, FlagDefinition, FlagType, Variants } from "./flag.ts";

/** `on` and `off` for booleans; none for the other types, whose variants the caller names. */
export function defaultVariants(_type: FlagType): Variants { throw new Error("not written yet"); }
/** A new flag's configuration: nobody gets anything but the off variant. */
export function defaultConfig(_definition: FlagDefinition): FlagConfig { throw new Error("not written yet"); }

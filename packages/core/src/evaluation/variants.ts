import { BOOLEAN_VARIANTS } from "../model/defaults.ts";
import type { FlagType, Variants } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";

/** A flag's variants by index: while a flag is walked a variant is a small integer. */
export interface VariantTable {
  readonly type: FlagType;
  readonly names: readonly string[];
  readonly values: readonly JsonValue[];
}

/** Indices into the one table that all boolean flags share. */
export const ON = 0;
/** The second of the two; see `ON`. */
export const OFF = 1;

/** The table of every boolean flag: to be one is to have this very object. */
export const BOOLEAN_TABLE: VariantTable = tableFrom("boolean", BOOLEAN_VARIANTS);

/** A flag's table; the shared one for a boolean flag. */
export function variantTable(type: FlagType, variants: Variants): VariantTable {
  return type === "boolean" ? BOOLEAN_TABLE : tableFrom(type, variants);
}

function tableFrom(type: FlagType, variants: Variants): VariantTable {
  return { type, names: Object.keys(variants), values: Object.values(variants) };
}

/** A variant's index by its name. Unknown names are refused where flags are read and written; here they must only be harmless. */
export function indexOfVariant(table: VariantTable, name: string, otherwise: number): number {
  const index = table.names.indexOf(name);
  return index === -1 ? otherwise : index;
}

/** The inverse of `variantTable`. */
export function variantsOf(table: VariantTable): Variants {
  if (table === BOOLEAN_TABLE) return BOOLEAN_VARIANTS;
  const variants = Object.create(null) as { [name: string]: JsonValue };
  for (const [index, name] of table.names.entries()) variants[name] = table.values[index] ?? null;
  return variants;
}

import { digestOf, Ruleset, type FlagConfig, type FlagDefinition } from "@rampart/core";
import { linearRegex } from "../import/regex.ts";
import { settle } from "../import/settle.ts";
import type { Conversion, Converted } from "../import/types.ts";

/** Thousands of questions to two evaluators, on a machine that does something else besides. */
export const ORACLE_TIMEOUT_MS = 120_000;

/** What of a conversion would be written. */
export function settled(conversion: Conversion): Converted {
  if (conversion.kind === "refused") throw new Error(conversion.message);
  return settle(conversion, { regex: linearRegex });
}

/** An environment of what was carried over, as an SDK holds it. */
export function rulesetOf({ flags, segments }: Converted): Ruleset {
  const ruleset = new Ruleset({ regex: linearRegex });
  const content = {
    flags: flags.flatMap(({ whole }) => (whole === undefined ? [] : [wireFlagOf(whole)])),
    segments: segments.flatMap(({ whole }) => (whole === undefined ? [] : [{ ...whole, revision: 1 }])),
  };
  ruleset.replace({ environment: "production", epoch: "e", revision: 1, digest: digestOf([], []), ...content });
  return ruleset;
}

function wireFlagOf({ definition, config }: { readonly definition: FlagDefinition; readonly config: FlagConfig }) {
  const { key, type, variants } = definition;
  return { key, type, variants, revision: 1, ...config };
}

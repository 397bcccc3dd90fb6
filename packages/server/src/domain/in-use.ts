import type { ConfigRecord } from "./records.ts";
import type { Refusal } from "./problems.ts";
import { quoted } from "./problems.ts";

/** Users named in a message; more make it no clearer. */
const NAMED_MAX = 5;

/** Refuses to delete a flag that is another flag's prerequisite: that one would serve its off variant from then on. */
export function flagInUse(key: string, configs: readonly ConfigRecord[]): Refusal | undefined {
  return inUse(
    "flag",
    key,
    configs.filter((one) => one.key !== key && one.config.prerequisites.some(({ flag }) => flag === key)),
  );
}

/** Refuses to delete a segment that a rule names: the rule would match nobody from then on, or everybody where it is negated. */
export function segmentInUse(key: string, configs: readonly ConfigRecord[]): Refusal | undefined {
  return inUse(
    "segment",
    key,
    configs.filter((one) =>
      one.config.rules.some((rule) =>
        rule.clauses.some((clause) => clause.op === "inSegment" && clause.values.includes(key)),
      ),
    ),
  );
}

function inUse(what: "flag" | "segment", key: string, users: readonly ConfigRecord[]): Refusal | undefined {
  if (users.length === 0) return undefined;
  const named = users.slice(0, NAMED_MAX).map((one) => `${one.key} (${one.environment})`);
  const more = users.length > NAMED_MAX ? ` and ${users.length - NAMED_MAX} more` : "";
  return {
    code: "IN_USE",
    detail: `The ${what} ${quoted(key)} can't be deleted: ${named.join(", ")}${more} ${users.length === 1 ? "relies" : "rely"} on it.`,
    hint: what === "flag" ? "Take it out of their prerequisites first." : "Take it out of their rules first.",
  };
}

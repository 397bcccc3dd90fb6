import type { Clause, FlagConfig, JsonObject, Prerequisite, Rule } from "@rampart/core";
import { ID } from "../attribute.ts";
import { definitionOf } from "../definition.ts";
import { isWhole, lose, note, tellUnknown } from "../findings.ts";
import { listOr, recordOr, textOf } from "../json.ts";
import type { ConvertedFlag, Finding, Findings } from "../types.ts";
import { clauseOf } from "./clause.ts";
import { FLAG_FIELDS, RULE_FIELDS } from "./fields.ts";
import { nameAt, servedOf, type Served } from "./serve.ts";
import { targetsOf } from "./targets.ts";
import { variantsOf, variationsOf, type Named } from "./variants.ts";

/** A flag as SDKs get it. What of it belongs to one environment may lie elsewhere in the file. */
export interface SourceFlag {
  readonly key: string;
  /** The flag with what its environment says laid over it. */
  readonly source: JsonObject;
  readonly path: string;
  /** The flag and its environment's part, each by itself, where they stand. */
  readonly parts: readonly { readonly path: string; readonly source: JsonObject }[];
  /** Where the environment's part is. */
  readonly configPath: string;
  /** Why the environment's part is not in the file, and how to get it; undefined: it is there. */
  readonly missing: Pick<Finding, "reason" | "advice"> | undefined;
}

/** Gives the flags that are named as prerequisites. */
export type Lookup = (key: string) => SourceFlag | undefined;

/** One flag. LaunchDarkly's order is the one here: off, prerequisites, targets, rules, fallthrough. */
export function flagOf(flag: SourceFlag, lookup: Lookup): ConvertedFlag {
  const findings: Findings = [];
  const { key, source, path, configPath, missing } = flag;
  if (missing !== undefined) {
    lose(findings, { path: `${path}/environments`, value: undefined, ...missing });
    return { key, path, whole: undefined, findings };
  }
  for (const part of flag.parts) tellUnknown(findings, part.path, part.source, FLAG_FIELDS);
  const named = variationsOf(source, path, findings);
  const whole = named === undefined ? undefined : wholeOf(flag, named, lookup, findings);
  if (source["migration"] !== undefined) {
    const reason = "how a migration is checked and sampled has no counterpart; its stages go over as texts";
    note(findings, {
      path: `${configPath}/migration`,
      value: undefined,
      reason,
      advice: "keep the migration's calls in the code",
    });
  }
  const unsaid = isClientVisible(source) === undefined ? (["clientVisible", "salt"] as const) : (["salt"] as const);
  return { key, path, whole: isWhole(findings) ? whole : undefined, findings, unsaid };
}

function wholeOf(flag: SourceFlag, named: Named, lookup: Lookup, findings: Findings): ConvertedFlag["whole"] {
  const { key, source, path, configPath } = flag;
  const prerequisites = prerequisitesOf(flag, lookup, findings);
  const offVariant = offVariantOf(flag, named, prerequisites.length > 0, findings);
  const targets = targetsOf(source, configPath, named.names, findings);
  const served = rulesOf(source, configPath, named.names, findings);
  const bucketBy = [...new Set([...served.rules, served.fallthrough].flatMap((each) => each?.bucketBy ?? []))];
  if (bucketBy.length > 1) {
    const reason = `a flag's percentages go by one attribute here, and these by ${bucketBy.join(" and ")}`;
    lose(findings, { path: configPath, value: bucketBy, reason, advice: "let all of them go by one attribute there" });
  }
  if (offVariant === undefined || served.fallthrough === undefined) return undefined;
  const config: FlagConfig = {
    enabled: source["on"] === true,
    offVariant,
    targets,
    rules: served.rules.map(({ rule, serve }) => ({ ...rule, serve })),
    fallthrough: served.fallthrough.serve,
    salt: key,
    bucketBy: bucketBy[0] ?? ID,
    prerequisites,
    clientVisible: isClientVisible(source) ?? false,
  };
  const { type } = named;
  const name = textOf(source["name"]);
  const description = [name === key ? undefined : name, textOf(source["description"])].filter(Boolean).join(": ");
  const tags = listOr(source["tags"]).flatMap((tag) => textOf(tag) ?? []);
  const definition = definitionOf(
    { key, path, type, variants: variantsOf(named, offVariant), description, tags },
    findings,
  );
  return { definition, config };
}

/**
 * What is served while the flag is off. Without one LaunchDarkly gives the caller's default, and a boolean flag that is off is false here;
 * while nobody is served it, that is only told.
 */
function offVariantOf(
  { source, configPath }: SourceFlag,
  { type, names }: Named,
  isGuarded: boolean,
  findings: Findings,
): string | undefined {
  const index = source["offVariation"];
  const path = `${configPath}/offVariation`;
  const isMissing = index === undefined || index === null;
  const name = isMissing ? undefined : nameAt(index, path, names, findings);
  if (type === "boolean" ? name === "off" : name !== undefined) return name;
  if (!isMissing && name === undefined) return undefined;
  const reason = isMissing
    ? "switched off, it gives the caller's default there"
    : "a boolean flag that is off is false here, and this one is true";
  if (type === "boolean" && source["on"] === true && !isGuarded) {
    note(findings, {
      path,
      value: index,
      reason: `${reason}; here false, as soon as it is switched off`,
      advice: "know it before you kill the flag",
    });
    return "off";
  }
  return lose(findings, {
    path,
    value: index,
    reason,
    advice: "choose an off variation there that this product can have: false, for a boolean flag",
  });
}

type ServedRule = Served & { readonly rule: Omit<Rule, "serve"> };

/** The rules up to one that is for everybody, which is the fallthrough then. */
function rulesOf(
  source: JsonObject,
  configPath: string,
  names: readonly string[],
  findings: Findings,
): { readonly rules: readonly ServedRule[]; readonly fallthrough: Served | undefined } {
  const rules: ServedRule[] = [];
  for (const [index, item] of listOr(source["rules"]).entries()) {
    const path = `${configPath}/rules/${index}`;
    const fields = recordOr(item);
    tellUnknown(findings, path, fields, RULE_FIELDS);
    const served = servedOf(item, path, names, findings);
    const clauses = listOr(fields["clauses"]);
    if (clauses.length === 0) return { rules, fallthrough: served };
    const read = clauses.map((clause, at) =>
      clauseOf(recordOr(clause), { path: `${path}/clauses/${at}`, segments: true }, findings),
    );
    if (served === undefined) continue;
    const rule = ruleOf(
      fields,
      index,
      read.filter((clause) => clause !== undefined),
    );
    rules.push({
      ...served,
      rule: rules.some((other) => other.rule.id === rule.id) ? { ...rule, id: `rule-${index}` } : rule,
    });
  }
  return { rules, fallthrough: servedOf(source["fallthrough"], `${configPath}/fallthrough`, names, findings) };
}

function ruleOf(fields: JsonObject, index: number, clauses: readonly Clause[]): Omit<Rule, "serve"> {
  const id = textOf(fields["id"]) ?? textOf(fields["_id"]) ?? "";
  const description = textOf(fields["description"]) ?? "";
  return { id: id === "" ? `rule-${index}` : id, ...(description === "" ? {} : { description }), clauses };
}

/**
 * A prerequisite on the variation that is served while the other flag is off fails there as long as that flag is off, and would be met
 * here: killing one flag would switch on another.
 */
function prerequisitesOf(
  { source, configPath }: SourceFlag,
  lookup: Lookup,
  findings: Findings,
): readonly Prerequisite[] {
  return listOr(source["prerequisites"]).flatMap((item, index): readonly Prerequisite[] => {
    const path = `${configPath}/prerequisites/${index}`;
    const { key, variation } = recordOr(item);
    const other = lookup(textOf(key) ?? "");
    if (other === undefined) {
      lose(findings, {
        path,
        value: key,
        reason: "the flag that has to be met first is not in the file",
        advice: "export both into one file",
      });
      return [];
    }
    const named = variationsOf(other.source, other.path, []);
    const name = nameAt(variation, `${path}/variation`, named?.names ?? [], findings);
    if (name === undefined) return [];
    if (variation === other.source["offVariation"] || (named?.type === "boolean" && name === "off")) {
      const reason = `it asks for what ${other.key} serves while it is off, which counts as unmet there and as met here`;
      lose(findings, {
        path,
        value: variation,
        reason,
        advice: "ask for another variation, or turn the condition into a rule",
      });
      return [];
    }
    return [{ flag: other.key, variants: [name] }];
  });
}

/** Undefined where the file does not say. */
function isClientVisible({ clientSideAvailability, clientSide }: JsonObject): boolean | undefined {
  const said = recordOr(clientSideAvailability)["usingEnvironmentId"] ?? clientSide;
  return said === undefined ? undefined : said === true;
}

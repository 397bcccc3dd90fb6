import type { FlagConfig, FlagType, JsonObject, JsonValue, Variants } from "@rampart/core";
import { ID } from "../attribute.ts";
import { definitionOf } from "../definition.ts";
import { isWhole, lose, loseShape, require, tellUnknown } from "../findings.ts";
import { Opposites } from "../held.ts";
import { isList, itemsOf, recordOr, textOf } from "../json.ts";
import type { Convert, ConvertedFlag, Findings } from "../types.ts";
import { expanded, targetingOf, type Names, type Targeting } from "./targeting.ts";

/** flagd, the file format of OpenFeature's reference server: `{flags, $evaluators}`, flags by key or in a list. */
export const convertFlagd: Convert = (file) => {
  const content = recordOr(file);
  const opposites = new Opposites();
  const evaluators = recordOr(content["$evaluators"]);
  const flags = itemsOf(content["flags"], "/flags").map(({ key, path, value }) =>
    flagOf(textOf(recordOr(value)["key"]) ?? key ?? "", recordOr(value), path, { opposites, evaluators }),
  );
  return { kind: "converted", flags, segments: opposites.list(), archived: [] };
};

/** Fields of a flag that are read, or have no part in the answers. */
const FIELDS = new Set([
  "key",
  "state",
  "variants",
  "defaultVariant",
  "targeting",
  "metadata",
  "source",
  "selector",
  "flagSetId",
  "priority",
]);

interface Shared {
  readonly opposites: Opposites;
  readonly evaluators: JsonObject;
}

function flagOf(key: string, source: JsonObject, path: string, shared: Shared): ConvertedFlag {
  const findings: Findings = [];
  tellUnknown(findings, path, source, FIELDS);
  const given = Object.entries(recordOr(source["variants"]));
  const type = typeOf(given.map(([, value]) => value));
  if (type === undefined) {
    loseShape(findings, `${path}/variants`, source["variants"], "at least one variant, all of one type,");
    return { key, path, whole: undefined, findings };
  }
  const names = new Map(
    given.map(([name, value]) => [name, type === "boolean" ? (value === true ? "on" : "off") : name]),
  );
  const { state, defaultVariant } = source;
  const fallback = names.get(textOf(defaultVariant) ?? "");
  if (fallback === undefined && hasDefault(defaultVariant)) {
    const advice = `name one of ${[...names.keys()].join(", ")} there`;
    const reason = "no variant of the flag has this name, and flagd takes no file with it";
    lose(findings, { path: `${path}/defaultVariant`, value: defaultVariant, reason, advice });
    return { key, path, whole: undefined, findings };
  }
  const targeting = readTargeting(source, path, { names, fallback }, shared, findings);
  const offVariant = type === "boolean" ? "off" : (fallback ?? names.values().next().value ?? "");
  if (state === "DISABLED") tellDisabled(path, offVariant, findings);
  else if (state !== "ENABLED") loseShape(findings, `${path}/state`, state, "ENABLED or DISABLED");
  if (targeting !== undefined && targeting.bucketBy.length > 1) {
    const reason = `a flag's percentages go by one attribute here, and these by ${targeting.bucketBy.join(" and ")}`;
    lose(findings, {
      path: `${path}/targeting`,
      value: [...targeting.bucketBy],
      reason,
      advice: "let all of them go by one attribute there",
    });
  }
  if (targeting === undefined || !isWhole(findings)) return { key, path, whole: undefined, findings };
  const config: FlagConfig = {
    enabled: state === "ENABLED",
    offVariant,
    targets: {},
    rules: targeting.rules,
    fallthrough: targeting.fallthrough,
    salt: key,
    bucketBy: targeting.bucketBy[0] ?? ID,
    prerequisites: [],
    clientVisible: false,
  };
  const description = textOf(recordOr(source["metadata"])["description"]);
  const definition = definitionOf(
    { key, path, type, variants: variantsOf(type, given, offVariant), description },
    findings,
  );
  return { key, path, whole: { definition, config }, findings, unsaid: ["clientVisible", "salt"] };
}

/** Nothing and an empty text stand for no default in flagd. */
function hasDefault(given: JsonValue | undefined): boolean {
  return given !== undefined && given !== null && given !== "";
}

function readTargeting(
  source: JsonObject,
  path: string,
  names: Names,
  shared: Shared,
  findings: Findings,
): Targeting | undefined {
  const { targeting = null } = source;
  const at = `${path}/targeting`;
  // As flagd asks for it: a text alone is one, true alone is none.
  const isEmpty = targeting === null || Object.keys(targeting).length === 0;
  const whole = isEmpty ? null : expanded(targeting, shared.evaluators);
  if (whole === undefined) {
    const advice = "put the evaluator into the file, and in place of its name";
    return lose(findings, {
      path: at,
      value: targeting,
      reason: "it names an evaluator that is missing, or that names itself",
      advice,
    });
  }
  return targetingOf(whole, at, names, { findings, opposites: shared.opposites });
}

/** A flag that is disabled is as good as not there in flagd. */
function tellDisabled(path: string, offVariant: string, findings: Findings): void {
  const reason = `callers' default is what ${offVariant} holds, which is what a flag that is off serves here`;
  require(findings, { path: `${path}/state`, value: "DISABLED", reason, advice: "look at the defaults in the code" });
}

function typeOf(values: readonly JsonValue[]): FlagType | undefined {
  const types = new Set(values.map((value) => (isList(value) ? "list" : value === null ? "null" : typeof value)));
  const [type] = types;
  if (types.size !== 1) return undefined;
  if (type === "boolean" || type === "string" || type === "number") return type;
  return type === "object" ? "json" : undefined;
}

/** With the variant that is served while the flag is off in front, as a flag gives it wherever it was not set up yet. */
function variantsOf(
  type: FlagType,
  given: readonly (readonly [name: string, value: JsonValue])[],
  offVariant: string,
): Variants {
  if (type === "boolean") return { on: true, off: false };
  return Object.fromEntries([
    ...given.filter(([name]) => name === offVariant),
    ...given.filter(([name]) => name !== offVariant),
  ]);
}

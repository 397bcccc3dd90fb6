import {
  BOOLEAN_VARIANTS,
  defaultOffVariant,
  NO_PREREQUISITES,
  NO_RULES,
  NO_TARGETS,
  TARGETING_KEY,
} from "../model/defaults.ts";
import type { FlagConfig, FlagType, Prerequisite, Rule, Variants } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { show } from "../model/show.ts";
import { readClauses } from "./clause.ts";
import { readServe, readVariantName, type Servable } from "./serve.ts";
import { pointerTo } from "../model/json-pointer.ts";
import { readBoolean, readCount, readItems, readJson, readKey, readRecord, readText, type Problems } from "./value.ts";

/** What evaluation needs of a flag's configuration. */
export type Serving = Omit<FlagConfig, "clientVisible">;

const FLAG_TYPES: readonly string[] = ["boolean", "string", "number", "json"] satisfies FlagType[];

/** Reads what a flag's variants hold. */
export function readFlagType(value: unknown, at: string, problems: Problems): FlagType | undefined {
  if (typeof value === "string" && FLAG_TYPES.includes(value)) return value as FlagType;
  problems.push({ pointer: at, detail: `${show(value)} is not a flag type`, hint: "boolean, string, number or json" });
  return undefined;
}

/** Boolean flags share one object of variants; the others get a null-prototype copy. */
export function readVariants(value: unknown, type: FlagType, at: string, problems: Problems): Variants | undefined {
  if (type === "boolean") return readBooleanVariants(value, at, problems);
  const record = readRecord(value, at, problems);
  if (record === undefined) return undefined;
  const variants = Object.create(null) as { [name: string]: JsonValue };
  const before = problems.length;
  for (const [name, variant] of Object.entries(record)) {
    const variantAt = pointerTo(at, name);
    if (type !== "json" && typeof variant !== type) {
      problems.push({ pointer: variantAt, detail: `${show(variant)} is not a ${type}, which this flag holds` });
      continue;
    }
    const read = readJson(variant, variantAt, problems);
    if (read !== undefined) variants[name] = read;
  }
  if (problems.length > before) return undefined;
  if (Object.keys(variants).length > 0) return variants;
  problems.push({ pointer: at, detail: "a flag needs at least one variant" });
  return undefined;
}

function readBooleanVariants(value: unknown, at: string, problems: Problems): Variants | undefined {
  if (value === undefined) return BOOLEAN_VARIANTS;
  const record = readRecord(value, at, problems);
  if (record === undefined) return undefined;
  if (Object.keys(record).length === 2 && record.on === true && record.off === false) return BOOLEAN_VARIANTS;
  problems.push({
    pointer: at,
    detail: "a boolean flag has other variants than its two",
    hint: "on: true and off: false",
  });
  return undefined;
}

/** Reads a configuration for a flag whose definition is known, filling in what is left out. */
export function readServing(
  fields: { readonly [field: string]: unknown },
  flag: Servable & { readonly key: string },
  problems: Problems,
): Serving | undefined {
  const before = problems.length;
  const enabled = fields.enabled === undefined ? true : readBoolean(fields.enabled, "/enabled", problems);
  const offVariant = readOffVariant(fields.offVariant, flag, problems);
  const targets = fields.targets === undefined ? NO_TARGETS : readTargets(fields.targets, flag, problems);
  const rules = fields.rules === undefined ? NO_RULES : readRules(fields.rules, flag, problems);
  const fallthrough = readServe(fields.fallthrough, flag, "/fallthrough", problems);
  const salt = fields.salt === undefined ? flag.key : readText(fields.salt, "/salt", problems);
  const bucketBy = fields.bucketBy === undefined ? TARGETING_KEY : readText(fields.bucketBy, "/bucketBy", problems);
  const prerequisites =
    fields.prerequisites === undefined
      ? NO_PREREQUISITES
      : readItems(fields.prerequisites, "/prerequisites", problems, readPrerequisite);
  const leaseMs = fields.leaseMs === undefined ? undefined : readCount(fields.leaseMs, "/leaseMs", problems);
  const measures =
    fields.measures === undefined ? undefined : readItems(fields.measures, "/measures", problems, readText);
  if (
    problems.length > before ||
    enabled === undefined ||
    offVariant === undefined ||
    targets === undefined ||
    rules === undefined ||
    fallthrough === undefined ||
    salt === undefined ||
    bucketBy === undefined ||
    prerequisites === undefined
  ) {
    return undefined;
  }
  const serving: Serving = { enabled, offVariant, targets, rules, fallthrough, salt, bucketBy, prerequisites };
  if (leaseMs === undefined && measures === undefined) return serving;
  return {
    ...serving,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(measures === undefined ? {} : { measures }),
  };
}

/** A boolean flag is off when it serves `off`: with `on` in its place, the kill switch would turn it on. */
function readOffVariant(value: unknown, flag: Servable, problems: Problems): string | undefined {
  if (value === undefined) return defaultOffVariant(flag.type, flag.variants);
  if (flag.type !== "boolean" || value === "off") return readVariantName(value, flag, "/offVariant", problems);
  problems.push({
    pointer: "/offVariant",
    detail: `${show(value)} can't be the off variant of a boolean flag`,
    hint: '"off"',
  });
  return undefined;
}

function readTargets(value: unknown, flag: Servable, problems: Problems): FlagConfig["targets"] | undefined {
  const record = readRecord(value, "/targets", problems);
  if (record === undefined) return undefined;
  const targets = Object.create(null) as { [id: string]: string };
  for (const [id, name] of Object.entries(record)) {
    const variant = readVariantName(name, flag, pointerTo("/targets", id), problems);
    if (variant !== undefined) targets[id] = variant;
  }
  return targets;
}

function readRules(value: unknown, flag: Servable, problems: Problems): readonly Rule[] | undefined {
  return readItems(value, "/rules", problems, (rule, at) => readRule(rule, flag, at, problems));
}

function readRule(value: unknown, flag: Servable, at: string, problems: Problems): Rule | undefined {
  const rule = readRecord(value, at, problems);
  if (rule === undefined) return undefined;
  const id = readText(rule.id, `${at}/id`, problems);
  const clauses = readClauses(rule.clauses, `${at}/clauses`, problems);
  const serve = readServe(rule.serve, flag, `${at}/serve`, problems);
  if (id === undefined || clauses === undefined || serve === undefined) return undefined;
  return typeof rule.description === "string"
    ? { id, description: rule.description, clauses, serve }
    : { id, clauses, serve };
}

function readPrerequisite(value: unknown, at: string, problems: Problems): Prerequisite | undefined {
  const prerequisite = readRecord(value, at, problems);
  if (prerequisite === undefined) return undefined;
  const flag = readKey(prerequisite.flag, `${at}/flag`, problems);
  const variants = readItems(prerequisite.variants, `${at}/variants`, problems, readText);
  return flag === undefined || variants === undefined ? undefined : { flag, variants };
}

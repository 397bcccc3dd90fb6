import type { FlagConfig, FlagDefinition, Prerequisite, Rule, Serve } from "../model/flag.ts";
import type { FieldProblem } from "../model/problem.ts";
import { show } from "../model/show.ts";
import { readServing, type Serving } from "../read/flag.ts";
import { pointerTo } from "../model/json-pointer.ts";
import { readBoolean, readRecord, type Problems } from "../read/value.ts";
import { checkCount, checkDistinct, checkLength } from "./bounds.ts";
import { checkClauses, type CheckOptions } from "./clauses.ts";
import {
  DESCRIPTION_LENGTH_MAX,
  LEASE_MS_MAX,
  LEASE_MS_MIN,
  MEASURES_MAX,
  METRIC_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PREREQUISITES_MAX,
  RULES_MAX,
  TARGETS_MAX,
} from "./limits.ts";
import { checkStrictly } from "./strict.ts";

/**
 * Everything that is wrong with a flag's configuration in itself; empty when it can be written. Whether the segments and flags that it
 * names are there, and whether its prerequisites come round to it, only the environment knows (`findPrerequisiteCycle`).
 */
export function checkConfig(
  definition: FlagDefinition,
  config: unknown,
  options: CheckOptions,
): readonly FieldProblem[] {
  const problems: Problems = [];
  const fields = readRecord(config, "", problems);
  if (fields === undefined) return problems;
  if (fields.clientVisible !== undefined) readBoolean(fields.clientVisible, "/clientVisible", problems);
  const serving = readServing(fields, definition, problems);
  if (serving === undefined) return problems;
  const whole = { ...serving, clientVisible: false, leaseMs: serving.leaseMs, measures: serving.measures };
  return [...problems, ...checkStrictly(fields, whole), ...checkServing(serving, definition.key, options)];
}

/** A configuration with everything filled in that was left out; undefined when `checkConfig` finds something wrong with it. */
export function completeConfig(definition: FlagDefinition, config: unknown): FlagConfig | undefined {
  const problems: Problems = [];
  const fields = readRecord(config, "", problems);
  const serving = fields === undefined ? undefined : readServing(fields, definition, problems);
  return serving === undefined ? undefined : { ...serving, clientVisible: fields?.clientVisible === true };
}

function checkServing(serving: Serving, key: string, options: CheckOptions): readonly FieldProblem[] {
  const { rules, targets } = serving;
  const ids = Object.keys(targets);
  const tooMany = [
    ...checkCount(ids.length, TARGETS_MAX, "targets", "/targets"),
    ...checkCount(rules.length, RULES_MAX, "rules", "/rules"),
    ...checkCount(serving.prerequisites.length, PREREQUISITES_MAX, "prerequisites", "/prerequisites"),
  ];
  if (tooMany.length > 0) return tooMany;
  return [
    ...ids.flatMap((id) => checkTarget(id)),
    ...rules.flatMap((rule, index) => checkRule(rule, `/rules/${index}`, options)),
    ...checkDistinct(
      rules.map((rule) => rule.id),
      "rule",
      (index) => `/rules/${index}/id`,
    ),
    ...checkServe(serving.fallthrough, "/fallthrough"),
    ...checkLength(serving.salt, NAME_LENGTH_MAX, "/salt"),
    ...checkLength(serving.bucketBy, NAME_LENGTH_MAX, "/bucketBy"),
    ...checkPrerequisites(serving.prerequisites, key),
    ...checkLease(serving.leaseMs),
    ...checkMeasures(serving.measures ?? []),
  ];
}

function checkTarget(id: string): readonly FieldProblem[] {
  if (id === "") return [{ pointer: "/targets/", detail: "an empty id names nobody" }];
  return checkLength(id, NAME_LENGTH_MAX, pointerTo("/targets", id.slice(0, NAME_LENGTH_MAX)));
}

function checkRule(rule: Rule, at: string, options: CheckOptions): readonly FieldProblem[] {
  return [
    ...checkLength(rule.id, NAME_LENGTH_MAX, `${at}/id`),
    ...checkLength(rule.description, DESCRIPTION_LENGTH_MAX, `${at}/description`),
    ...checkClauses(rule.clauses, `${at}/clauses`, options),
    ...checkServe(rule.serve, `${at}/serve`),
  ];
}

/** Each variant has one share, or nobody could tell which of two a change is about. */
function checkServe(serve: Serve, at: string): readonly FieldProblem[] {
  if (!("split" in serve)) return [];
  return checkDistinct(
    serve.split.map((share) => share.variant),
    "variant",
    (index) => `${at}/split/${index}/variant`,
  );
}

function checkPrerequisites(prerequisites: readonly Prerequisite[], key: string): readonly FieldProblem[] {
  return [
    ...prerequisites.flatMap((prerequisite, index): readonly FieldProblem[] => {
      const at = `/prerequisites/${index}`;
      if (prerequisite.flag === key)
        return [{ pointer: `${at}/flag`, detail: `${show(key)} can't be its own prerequisite` }];
      if (prerequisite.variants.length > 0) return [];
      return [{ pointer: `${at}/variants`, detail: "no variant would do", hint: 'at least one, such as "on"' }];
    }),
    ...checkDistinct(
      prerequisites.map(({ flag }) => flag),
      "prerequisite",
      (index) => `/prerequisites/${index}/flag`,
    ),
  ];
}

function checkMeasures(measures: readonly string[]): readonly FieldProblem[] {
  const at = (index: number): string => `/measures/${index}`;
  return [
    ...checkCount(measures.length, MEASURES_MAX, "measures", "/measures"),
    ...measures.flatMap((metric, index) => checkLength(metric, METRIC_LENGTH_MAX, at(index))),
    ...checkDistinct(measures, "measure", at),
  ];
}

function checkLease(leaseMs: number | undefined): readonly FieldProblem[] {
  if (leaseMs === undefined || (leaseMs >= LEASE_MS_MIN && leaseMs <= LEASE_MS_MAX)) return [];
  return [
    {
      pointer: "/leaseMs",
      detail: `${leaseMs} ms is no lease`,
      hint: `${LEASE_MS_MIN} to ${LEASE_MS_MAX} ms, or none`,
    },
  ];
}

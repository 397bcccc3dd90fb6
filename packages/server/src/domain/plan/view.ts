import type { PlanOutline, PlanSummary, PlanValidation, PlanView } from "@rampart/core";
import { instantOf } from "../instant.ts";
import type { EpochMs } from "../records.ts";
import { parsePlan } from "./parse.ts";
import type { PlanProblem } from "./problem.ts";
import { variablesOfPlan } from "./secrets.ts";
import type { Plan } from "./types.ts";

/** The variables that plans may use, by name. */
export type Variables = (name: string) => string | undefined;

/** A stored revision of a plan. */
export interface StoredRevision {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly text: string;
  readonly createdAt: EpochMs;
  readonly createdBy: string;
}

/** What a plan is about, and whether the variables that it uses are set. Nothing of their values. */
export function planOutline(plan: Plan, variables: Variables): PlanOutline {
  const { name, title, digest, flag, environment, stages } = plan;
  return {
    name,
    title,
    digest,
    flag,
    environment,
    stages: stages.map(({ name, percentage, durationMs, approvals }) => ({ name, percentage, durationMs, approvals })),
    variables: variablesOfPlan(plan).map((name) => ({ name, isSet: variables(name) !== undefined })),
  };
}

/** Everything that is to be said of a plan's text. A variable that is not set here is a warning: the plan may be meant for another server. */
export function validatePlan(text: string, variables: Variables): PlanValidation {
  const parsed = parsePlan(text);
  if (!parsed.ok) return { valid: false, problems: parsed.problems, warnings: [] };
  const warnings = [...warningsOf(text, variables), ...parsed.warnings];
  return { valid: true, problems: [], warnings, plan: planOutline(parsed.plan, variables) };
}

/** A revision in a line. */
export function planSummary(record: StoredRevision, plan: Plan): PlanSummary {
  const { name, version, digest, createdAt, createdBy } = record;
  const { title, flag, environment } = plan;
  return { name, title, version, digest, flag, environment, createdAt: instantOf(createdAt), createdBy };
}

/** A revision, whole. `revisions`: all of its name, the newest first. */
export function planView(
  { record, plan }: { readonly record: StoredRevision; readonly plan: Plan },
  revisions: readonly StoredRevision[],
  variables: Variables,
): PlanView {
  return {
    ...planSummary(record, plan),
    text: record.text,
    outline: planOutline(plan, variables),
    warnings: validatePlan(record.text, variables).warnings,
    revisions: revisions.map(({ version, digest, createdAt, createdBy }) => ({
      version,
      digest,
      createdAt: instantOf(createdAt),
      createdBy,
    })),
  };
}

/** A text that is a plan without a look at the variables has no problems with it but theirs. */
function warningsOf(text: string, variables: Variables): readonly PlanProblem[] {
  const checked = parsePlan(text, { variables });
  return checked.ok ? [] : checked.problems;
}

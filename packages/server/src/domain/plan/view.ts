import type { PlanOutline, PlanSummary, PlanValidation, PlanView } from "@rampart/core";
import { instantOf } from "../instant.ts";
import type { PlanRecord } from "../records.ts";
import type { Pieces } from "../pieces.ts";
import { parsingPlan } from "./parse.ts";
import type { PlanProblem } from "./problem.ts";
import { variablesOfPlan } from "./secrets.ts";
import type { Plan } from "./types.ts";

/** The variables that plans may use, by name. */
export type Variables = (name: string) => string | undefined;

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

/**
 * Everything that is to be said of a plan's text, piece by piece. A variable that is not set here is a warning: the plan may be meant for
 * another server.
 */
export function* validatingPlan(text: string, variables: Variables): Pieces<PlanValidation> {
  const parsed = yield* parsingPlan(text);
  if (!parsed.ok) return { valid: false, problems: parsed.problems, warnings: [] };
  const warnings = [...(yield* warningsOf(text, variables)), ...parsed.warnings];
  return { valid: true, problems: [], warnings, plan: planOutline(parsed.plan, variables) };
}

/** A revision in a line. */
export function planSummary(record: PlanRecord, plan: Plan): PlanSummary {
  const { name, version, digest, createdAt, createdBy } = record;
  const { title, flag, environment } = plan;
  return { name, title, version, digest, flag, environment, createdAt: instantOf(createdAt), createdBy };
}

/** A revision, whole, piece by piece. `revisions`: all of its name, the newest first. */
export function* viewingPlan(
  { record, plan }: { readonly record: PlanRecord; readonly plan: Plan },
  revisions: readonly PlanRecord[],
  variables: Variables,
): Pieces<PlanView> {
  const { warnings } = yield* validatingPlan(record.text, variables);
  return {
    ...planSummary(record, plan),
    text: record.text,
    outline: planOutline(plan, variables),
    warnings,
    revisions: revisions.map(({ version, digest, createdAt, createdBy }) => ({
      version,
      digest,
      createdAt: instantOf(createdAt),
      createdBy,
    })),
  };
}

/** A text that is a plan without a look at the variables has no problems with it but theirs. */
function* warningsOf(text: string, variables: Variables): Pieces<readonly PlanProblem[]> {
  const checked = yield* parsingPlan(text, { variables });
  return checked.ok ? [] : checked.problems;
}

import { atLeisure } from "../domain/pieces.ts";
import type { PlanProblem } from "../domain/plan/problem.ts";
import { parsingPlan } from "../domain/plan/parse.ts";
import type { Plan } from "../domain/plan/types.ts";
import type { PlanRecord } from "../ports/rollout-store.ts";
import type { Grant } from "./grant.ts";
import { authorizeIn } from "./grant.ts";
import type { HttpParts } from "./parts.ts";
import { ProblemError } from "./problem.ts";

/** A plan, or a scenario; real plans are a tenth of it. */
export const PLAN_BODY_MAX_BYTES = 256 * 1024;

/** The plan in a text. Rejects with a 400 `ProblemError` with everything that is wrong with it. */
export async function planIn({ rest }: Pick<HttpParts, "rest">, text: string): Promise<Plan> {
  const parsed = await atLeisure(parsingPlan(text), rest);
  if (!parsed.ok) throw invalidText("PLAN_INVALID", "plan", parsed.problems);
  return parsed.plan;
}

/** The same for a plan that is to run here: its variables must be set. */
export async function runnablePlanIn(
  { variables, rest }: Pick<HttpParts, "variables" | "rest">,
  text: string,
): Promise<Plan> {
  const parsed = await atLeisure(parsingPlan(text, { variables }), rest);
  if (!parsed.ok) throw invalidText("PLAN_INVALID", "plan", parsed.problems);
  return parsed.plan;
}

/** A text's problems as an answer: all at once, each with its place. */
export function invalidText(
  code: "PLAN_INVALID" | "SCENARIO_INVALID",
  what: string,
  problems: readonly PlanProblem[],
): ProblemError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new ProblemError({
    code,
    detail: `The ${what} can't be used: line ${first?.line ?? 1}, column ${first?.column ?? 1}: ${first?.message ?? "it is empty"}${more}.`,
    hint: `${first?.hint ?? "Send its text"}.`,
    errors: problems.map(({ path, message, hint, line, column }) => ({
      pointer: path,
      detail: message,
      hint,
      line,
      column,
    })),
  });
}

/** Stores a plan's revision for a caller whose token is good for the plan's environment. */
export function storePlan(
  parts: Pick<HttpParts, "rollouts" | "clock" | "feeds">,
  grant: Grant,
  plan: Plan,
  text: string,
): Promise<PlanRecord> {
  authorizeIn(grant, plan.environment, parts.feeds.keys());
  return parts.rollouts.savePlan({
    name: plan.name,
    digest: plan.digest,
    text,
    createdAt: parts.clock.now(),
    createdBy: grant.actor,
  });
}

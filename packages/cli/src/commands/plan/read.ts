import type { ParsedPlan, Plan, PlanProblem } from "@rampart/server/plan";
import { readText } from "../../input/file.ts";
import type { Run } from "../../run.ts";
import { problemText } from "./excerpt.ts";

/** A plan's file as it was read. `file`: as people know it. */
export interface PlanFile {
  readonly file: string;
  readonly text: string;
  readonly parsed: ParsedPlan;
}

/** Reads and checks a plan's file, or stdin for `-`. */
export async function readPlanFile(run: Run, path: string): Promise<PlanFile> {
  const [text, { parsePlan }] = await Promise.all([readText(run.io, path), import("@rampart/server/plan")]);
  return { file: path === "-" ? "<stdin>" : path, text, parsed: parsePlan(text) };
}

/** All problems of a text, each with its line. */
export function problemsText(run: Run, file: string, text: string, problems: readonly PlanProblem[]): string {
  const lines = text.split("\n");
  return problems
    .map((problem) => `${problemText(problem, { file, lines, style: run.style, paint: "red" })}\n`)
    .join("");
}

/** All warnings of a text, each with its line. */
export function warningsText(run: Run, file: string, text: string, warnings: readonly PlanProblem[]): string {
  const lines = text.split("\n");
  const options = { file, lines, style: run.style, paint: "yellow", label: "warning: " } as const;
  return warnings.map((warning) => `${problemText(warning, options)}\n`).join("");
}

/** `4 stages: 5 % 24h → 25 % 48h → 100 % 30m`. */
export function rampText(plan: Plan, formatDuration: (ms: number) => string): string {
  return plan.stages.map(({ percentage, durationMs }) => `${percentage} % ${formatDuration(durationMs)}`).join(" → ");
}

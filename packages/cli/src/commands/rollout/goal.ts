import type { RolloutView } from "@rampart/core";
import { usageError } from "../../errors.ts";
import { parsePercentage } from "../../input/percentage.ts";
import { isOver, isRolledBack } from "./words.ts";

/** What `rollout wait` waits for. */
export type Goal =
  | { readonly kind: "completed" }
  /** The stage's percentage is set. */
  | { readonly kind: "stage"; readonly name: string }
  /** At least so many. */
  | { readonly kind: "percentage"; readonly percentage: number };

/** Where a rollout is with respect to a goal. `missed`: it ended without reaching it. */
export type Standing = "waiting" | "reached" | "rolledBack" | "missed";

/** Reads `completed`, `stage:NAME` or `percentage:25`. Throws a usage error. */
export function parseGoal(text: string): Goal {
  const [, kind, value = ""] = /^(completed|stage|percentage)(?::(.+))?$/s.exec(text) ?? [];
  if (kind === "completed" && value === "") return { kind };
  if (kind === "stage" && value !== "") return { kind, name: value };
  if (kind === "percentage" && value !== "") return { kind, percentage: parsePercentage(value) };
  throw usageError(`"${text}" is nothing to wait for`, "allowed: completed, stage:NAME or percentage:25");
}

/** Whether a rollout has reached a goal, or never will. Throws a usage error when its plan has no such stage. */
export function standingOf(goal: Goal, view: RolloutView): Standing {
  if (isRolledBack(view.status)) return "rolledBack";
  if (isReached(goal, view)) return "reached";
  return isOver(view.status) ? "missed" : "waiting";
}

function isReached(goal: Goal, view: RolloutView): boolean {
  switch (goal.kind) {
    case "completed":
      return view.status === "completed";
    case "percentage":
      return view.percentage >= goal.percentage;
    case "stage": {
      const stage = view.stages.find(({ name }) => name === goal.name);
      if (stage === undefined) {
        const names = view.stages.map(({ name }) => name);
        throw usageError(`the plan has no stage "${goal.name}"`, `its stages are ${names.join(", ")}`);
      }
      return stage.state === "current" || stage.state === "done";
    }
  }
}

/** `completed`, `at stage canary`, `at 25 %`. */
export function goalText(goal: Goal): string {
  switch (goal.kind) {
    case "completed":
      return "completed";
    case "stage":
      return `at stage ${goal.name}`;
    case "percentage":
      return `at ${goal.percentage} %`;
  }
}

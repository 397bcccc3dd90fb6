import { percentageOf } from "./advance.ts";
import { change, openStage, record, refuse, stageInView, type Turn } from "./turn.ts";

/**
 * The rollout goes on by another revision of its plan: `turn.plan` is the new one. What has happened can't be edited away, so the stage
 * that is open must be in it, at its place and percentage. Approvals of the old revision count for nothing any more.
 */
export function edit(turn: Turn, by: string): void {
  const { plan, state } = turn;
  if (plan.digest === state.planDigest) return;
  const { kind } = state.phase;
  const moving = kind === "scheduled" || kind === "preconditions" || kind === "awaiting" || kind === "running";
  const open = openStage(plan, state);
  const kept = state.stage === undefined || percentageOf(plan, state.stage, 0) === state.percentage;
  const inView = state.stage === undefined || stageInView(plan, state) !== undefined;
  if (!moving || !kept || !inView) {
    refuse(turn, {
      code: "PLAN_EDIT_TOO_LATE",
      command: "edit",
      detail: moving
        ? `edit: the rollout is at ${state.percentage} % in stage ${(state.stage ?? 0) + 1}, and the new plan has ${open ? `${open.percentage} %` : "no such stage"} there`
        : `edit: the rollout is ${kind}`,
      hint: moving ? "leave the stages up to the open one as they are" : "start a new rollout",
    });
    return;
  }
  const voided = state.approvals.length;
  change(turn, { planDigest: plan.digest, approvals: [] });
  record(turn, "planEdited", { kind: "plan", subject: plan.digest, by });
  if (voided > 0) record(turn, "approvalsVoided", { kind: "plan", subject: plan.digest, by });
}

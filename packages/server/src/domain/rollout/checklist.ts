import type { ChecklistItem, Plan } from "../plan/types.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";
import { openStage } from "./turn.ts";

/** A checklist item that can be ticked now, and when it opened, for items that are due some time after that. */
export interface OpenItem {
  readonly item: ChecklistItem;
  readonly openedAt: EpochMs;
}

/** The items that belong to where the rollout is, ticked ones included. */
export function itemsInView(plan: Plan, state: RolloutState): readonly OpenItem[] {
  const { phase } = state;
  const since = (items: readonly ChecklistItem[], openedAt: EpochMs) => items.map((item) => ({ item, openedAt }));
  switch (phase.kind) {
    case "scheduled":
    case "preconditions":
      return since(checks(plan), state.startAt);
    case "awaiting":
    case "running":
      return since(openStage(plan, state)?.checklist ?? checks(plan), phase.since);
    case "rollingBack":
    case "verifying":
    case "rolledBack":
      return state.exposedAt === undefined ? [] : since(plan.rollback.checklist, state.killedAt ?? phase.since);
    case "completed": {
      const reviews = plan.completion.reviews.filter((review) => state.told.reviews.includes(review.name));
      return [
        ...since(plan.completion.checklist, phase.since),
        ...reviews.flatMap((review) => since(review.checklist, phase.since + review.afterMs)),
      ];
    }
    case "cancelled":
      return [];
  }
}

/** The items of the stage that comes next: who is ready early may say so early, as with approvals. */
export function itemsAhead(plan: Plan, state: RolloutState): readonly ChecklistItem[] {
  const { kind } = state.phase;
  if (kind !== "scheduled" && kind !== "preconditions" && kind !== "awaiting" && kind !== "running") return [];
  return plan.stages[(state.stage ?? -1) + 1]?.checklist ?? [];
}

/** Whether somebody ticked the item. */
export function isTicked(state: RolloutState, item: ChecklistItem): boolean {
  return state.ticks.some((tick) => tick.item === item.id);
}

/** Open items with a time limit, and when it ends. */
export function itemsDue(
  plan: Plan,
  state: RolloutState,
): readonly { readonly item: ChecklistItem; readonly dueAt: EpochMs }[] {
  return itemsInView(plan, state).flatMap(({ item, openedAt }) =>
    item.withinMs === undefined || isTicked(state, item) || state.told.overdue.includes(item.id)
      ? []
      : [{ item, dueAt: openedAt + item.withinMs }],
  );
}

function checks(plan: Plan): readonly ChecklistItem[] {
  return plan.preconditions.flatMap((one) => (one.kind === "check" ? [one.item] : []));
}

import type {
  EvidenceDecisionView,
  EvidenceItemView,
  EvidencePlanView,
  EvidenceView,
  KeptAnswerView,
  RolloutEventView,
} from "@rampart/core";
import { instantOf } from "../../instant.ts";
import type { Change, ChecklistItem, Plan } from "../../plan/types.ts";
import type { Evidence, KeptAnswer, RolloutRecord } from "../effect.ts";
import type { TickRecord } from "../state.ts";
import { comparisonView } from "./comparisons.ts";
import { rolloutSummary, type SeenRollout } from "./rollout.ts";
import { causeView, waitingView } from "./waiting.ts";

/** A record of a rollout's story under its number. */
export interface NumberedRecord {
  readonly id: number;
  readonly record: RolloutRecord;
}

/** One line of a rollout's story. */
export function eventView({ id, record }: NumberedRecord): RolloutEventView {
  const { at, cause, ...rest } = record;
  return { id, at: instantOf(at), ...rest, ...(cause && { cause: causeView(cause) }) };
}

/** What was kept of a rollout: its plan, who approved and ticked what, what was decided on which grounds, and the whole story. */
export function evidenceView(
  seen: SeenRollout & { readonly record: { readonly text: string } },
  decisions: readonly Evidence[],
  records: readonly NumberedRecord[],
): Omit<EvidenceView, "madeAt" | "stages" | "series"> {
  const summary = rolloutSummary(seen);
  const { approvals, ticks } = seen.row.state;
  return {
    rollout: summary,
    plan: { ...summary.plan, ...aboutPlan(seen.plan), text: seen.record.text },
    approvals: approvals.map((one) => ({ ...one, at: instantOf(one.at) })),
    ticks: ticks.map((one) => ({ ...one, at: instantOf(one.at) })),
    checklist: checklistView(seen.plan, ticks),
    decisions: decisions.map(decisionView),
    events: records.map(eventView),
  };
}

function aboutPlan({ about, change, labels }: Plan): EvidencePlanView {
  const { owner, version, contacts, links } = about;
  return {
    ...(owner !== undefined && { owner }),
    ...(version !== undefined && { release: version }),
    ...(change && { change: withoutProse(change) }),
    labels,
    contacts: contacts.map(({ role, contact }) => ({ role, contact })),
    links,
  };
}

/** Every item that the plan gives to people, in the order in which they come up. */
function checklistView(plan: Plan, ticks: readonly TickRecord[]): readonly EvidenceItemView[] {
  const shown = (
    items: readonly ChecklistItem[],
    of: EvidenceItemView["of"],
    name?: string,
  ): readonly EvidenceItemView[] =>
    items.map(({ id, text, withinMs }) => {
      const tick = ticks.find((one) => one.item === id);
      return {
        text,
        of,
        ...(name !== undefined && { name }),
        ...(withinMs !== undefined && { withinMs }),
        ...(tick && { ticked: { by: tick.by, at: instantOf(tick.at) } }),
      };
    });
  const { preconditions, stages, rollback, completion } = plan;
  return [
    ...shown(
      preconditions.flatMap((one) => (one.kind === "check" ? [one.item] : [])),
      "precondition",
    ),
    ...stages.flatMap(({ name, checklist }) => shown(checklist, "stage", name)),
    ...shown(rollback.checklist, "rollback"),
    ...shown(completion.checklist, "completion"),
    ...completion.reviews.flatMap(({ name, checklist }) => shown(checklist, "completion", name)),
  ];
}

function withoutProse({ description: _, ...change }: Change): NonNullable<EvidencePlanView["change"]> {
  return change;
}

function answerView({ askedAt, observedAt, ...answer }: KeptAnswer): KeptAnswerView {
  return {
    ...answer,
    askedAt: instantOf(askedAt),
    ...(observedAt !== undefined && { observedAt: instantOf(observedAt) }),
  };
}

function decisionView({ at, cause, skipped, answers, comparisons, ...evidence }: Evidence): EvidenceDecisionView {
  return {
    at: instantOf(at),
    ...evidence,
    ...(cause && { cause: causeView(cause) }),
    ...(comparisons && { comparisons: comparisons.map(comparisonView) }),
    ...(skipped && { skipped: skipped.map(waitingView) }),
    ...(answers && { answers: answers.map(answerView) }),
  };
}

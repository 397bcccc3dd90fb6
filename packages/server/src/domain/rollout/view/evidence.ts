import type { EvidenceDecisionView, EvidenceView, RolloutEventView } from "@rampart/core";
import { instantOf } from "../../instant.ts";
import type { Evidence, RolloutRecord } from "../effect.ts";
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
): EvidenceView {
  const summary = rolloutSummary(seen);
  const { approvals, ticks } = seen.row.state;
  return {
    rollout: summary,
    plan: { ...summary.plan, text: seen.record.text },
    approvals: approvals.map((one) => ({ ...one, at: instantOf(one.at) })),
    ticks: ticks.map((one) => ({ ...one, at: instantOf(one.at) })),
    decisions: decisions.map(decisionView),
    events: records.map(eventView),
  };
}

function decisionView({ at, cause, skipped, ...evidence }: Evidence): EvidenceDecisionView {
  return {
    at: instantOf(at),
    ...evidence,
    ...(cause && { cause: causeView(cause) }),
    ...(skipped && { skipped: skipped.map(waitingView) }),
  };
}

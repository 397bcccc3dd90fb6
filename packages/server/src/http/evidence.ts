import type { EvidenceView } from "@rampart/core";
import { Measured } from "../domain/evidence/measured.ts";
import { scrubbed } from "../domain/evidence/scrubbed.ts";
import { stageStories } from "../domain/evidence/stages.ts";
import { instantOf } from "../domain/instant.ts";
import { evidenceView } from "../domain/rollout/view/evidence.ts";
import { scrubPlanText } from "../domain/secrets/plan-text.ts";
import type { Running } from "../gates/runner.ts";
import type { HttpParts } from "./parts.ts";
import type { RollbackReceipts } from "./rollback-receipts.ts";

/** A rollout of weeks has some thousands. */
const RECORDS_MAX = 20_000;

const EVENTS_AT_A_TIME = 100;

/** Half a year of samplings, ten seconds apart. What comes after is left out of the series, and is in the log. */
const EVENTS_MAX = 1_500_000;

/** Everything that was kept of a rollout, without secrets. The log is read page by page, so that others get their turn in between. */
export async function collectEvidence(
  parts: Pick<HttpParts, "rollouts" | "scrub" | "clock" | "nextTurn">,
  rollbacks: RollbackReceipts,
  running: Running,
): Promise<EvidenceView> {
  const { rollouts, scrub, clock, nextTurn } = parts;
  const { row, plan, record } = running;
  const decisions = await rollouts.rolloutEvidence(row.id);
  const records = await rollouts.rolloutRecords(row.id, 0, RECORDS_MAX);
  const stories = stageStories(
    plan,
    records.map((one) => one.record),
  );
  const measured = new Measured(plan, stories);
  for (let after = 0, isMore = true; isMore && after < EVENTS_MAX;) {
    const page = await rollouts.rolloutEvents(row.id, after, EVENTS_AT_A_TIME);
    for (const { event } of page) measured.take(event);
    after = page.at(-1)?.seq ?? after;
    isMore = page.length === EVENTS_AT_A_TIME;
    // Reading is synchronous where the store is: a kill must not wait for a report.
    if (isMore) await new Promise<void>((resolve) => nextTurn(resolve));
  }
  const rollback = await rollbacks.of(row);
  const view = evidenceView(running, decisions, records);
  const whole: EvidenceView = {
    madeAt: instantOf(clock.now()),
    ...view,
    plan: { ...view.plan, text: "" },
    stages: measured.stages(),
    series: measured.series(scrub),
    ...(row.logBase && { samplesDroppedBefore: instantOf(row.logBase.state.now) }),
    ...(rollback && { rollback }),
  };
  const kept = scrubbed(whole, scrub);
  return { ...kept, plan: { ...kept.plan, text: scrubPlanText(plan, record.text, scrub) } };
}

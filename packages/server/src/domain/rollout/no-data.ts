import type { Cause } from "./cause.ts";
import { polledMetricsOf } from "./conditions.ts";
import type { EpochMs } from "./instant.ts";
import { own, type Dictionary } from "./lookup.ts";
import { pauseFor } from "./pause.ts";
import { readMetric } from "./reading.ts";
import { decideRollback } from "./rollback.ts";
import { isExposed, type Missing } from "./state.ts";
import { change, notify, openStage, record, type Turn } from "./turn.ts";

/** Keeps account of the polled metrics that the open stage uses and that have no usable value at `at`. */
export function followMissing(turn: Turn, at: EpochMs): void {
  const stage = openStage(turn.plan, turn.state);
  const before = turn.state.missing;
  const missing: { [metric: string]: Missing } = {};
  for (const metric of stage && isExposed(turn.state) ? polledMetricsOf(turn.plan, stage) : []) {
    const reading = readMetric(turn.plan, turn.state, metric, at);
    if (reading.kind === "value") continue;
    const known = own(before, metric);
    missing[metric] = {
      since: known?.since ?? at,
      kind: reading.kind,
      reason: reading.reason,
      acted: known?.acted ?? false,
    };
  }
  change(turn, { missing });
  announceReturn(turn, before);
}

/** Acts by the plan's policy on gaps that have lasted for `noDataAfter`; once for each gap, so that a person can resume. */
export function actOnMissing(turn: Turn, at: EpochMs): void {
  for (const [metric, gap] of Object.entries(turn.state.missing)) {
    if (gap.acted || at - gap.since < turn.plan.noDataAfterMs || !isExposed(turn.state)) continue;
    change(turn, { missing: { ...turn.state.missing, [metric]: { ...gap, acted: true } } });
    const cause: Cause = { kind: gap.kind, subject: metric, reason: gap.reason, since: gap.since };
    const announce = () => {
      record(turn, "noData", cause);
      notify(turn, "noData", `${metric} ${gap.kind === "error" ? "can't be read" : "has no data"}: ${gap.reason}`, {
        cause,
      });
    };
    switch (turn.plan.noData) {
      case "hold":
        announce();
        break;
      case "pause":
        pauseFor(turn, cause, { announce });
        break;
      case "rollback":
        decideRollback(turn, cause, { announce });
        break;
    }
  }
}

function announceReturn(turn: Turn, before: Dictionary<Missing>): void {
  for (const [metric, gap] of Object.entries(before)) {
    if (!gap.acted || Object.hasOwn(turn.state.missing, metric)) continue;
    record(turn, "dataBack", { kind: gap.kind, subject: metric, since: gap.since });
  }
}

import { measure, ROLLOUT_EVENT_WORDS, rolloutCauseWords } from "@rampart/core";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Plan } from "../plan/types.ts";
import type { Cause } from "../rollout/cause.ts";
import type { RecordEvent, RolloutRecord } from "../rollout/effect.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own } from "../rollout/lookup.ts";
import type { Status } from "../rollout/state.ts";
import { isoDuration } from "./iso-duration.ts";
import type { Simulation } from "./simulate.ts";

/** `rampart plan simulate --json` and `POST /api/v1/plans/simulate`. */
export interface SimulationReport {
  readonly outcome: Status;
  readonly timeline: readonly TimelineEntry[];
}

/** One thing that happened, as `--json` prints it. */
export interface TimelineEntry {
  /** ISO 8601 duration from the start. */
  readonly at: string;
  readonly event: RecordEvent;
  readonly state: Status;
  readonly stage: string | null;
  readonly percentage: number;
  /** `{ [kind]: subject, … }`, for example `{ "trigger": "errors", "value": 0.06 }`; empty when nothing in particular caused it. */
  readonly cause: { readonly [name: string]: string | number };
}

/** The simulation as programs read it. */
export function reportOf({ outcome, timeline, startAt }: Simulation): SimulationReport {
  const entries = timeline.map(({ at, event, state, stage, percentage, cause }) => ({
    at: isoDuration(at - startAt),
    event,
    state,
    stage,
    percentage,
    cause: cause ? causeReport(cause, startAt) : {},
  }));
  return { outcome, timeline: entries };
}

function causeReport({ kind, subject, since, ...details }: Cause, startAt: EpochMs): TimelineEntry["cause"] {
  return {
    [kind]: subject,
    ...details,
    ...(since !== undefined && { since: isoDuration(Math.max(0, since - startAt)) }),
  };
}

/** The simulation as people read it: a line for each thing that happened, then where it ended and why. */
export function renderSimulation(plan: Plan, simulation: Simulation): string {
  const { timeline, startAt } = simulation;
  const rows = timeline.map((record) => [
    formatDuration(record.at - startAt),
    `${record.percentage} %`,
    record.state,
    record.stage ?? "",
    sayRecord(plan, record, startAt),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([at = "", percentage = "", state = "", stage = "", what = ""]) =>
    [
      at.padStart(widths[0] ?? 0),
      percentage.padStart(widths[1] ?? 0),
      state.padEnd(widths[2] ?? 0),
      stage.padEnd(widths[3] ?? 0),
      what,
    ].join("  "),
  );
  return [...lines, "", simulation.summary, ...simulation.notes.map((note) => `Note: ${note}.`), ""].join("\n");
}

/** What is seen, and since when, is said where it happens; what follows from it names it only. */
const DETAILED: readonly RecordEvent[] = ["triggerFired", "signal", "noData", "dataBack"];

function sayRecord(plan: Plan, { event, cause }: RolloutRecord, startAt: EpochMs): string {
  const what = cause === undefined ? "" : rolloutCauseWords(cause, event);
  const why = cause ? sayCause(plan, cause, what, DETAILED.includes(event) ? startAt : undefined) : "";
  const words = ROLLOUT_EVENT_WORDS[event];
  return why === "" ? words : `${words}: ${why}`;
}

function sayCause(plan: Plan, cause: Cause, what: string, startAt: EpochMs | undefined): string {
  const { subject, by, reason } = cause;
  const details = startAt === undefined ? [] : sayDetails(plan, cause, startAt);
  const parts = [
    what,
    ...details,
    by === undefined || by === subject ? "" : `by ${by}`,
    reason === undefined ? "" : `(${reason})`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function sayDetails(plan: Plan, { subject, condition, value, since }: Cause, startAt: EpochMs): readonly string[] {
  const metric = (condition ?? subject).split(" ")[0] ?? "";
  const unit = own(plan.metrics, metric)?.unit ?? "none";
  return [
    condition === undefined ? "" : `(${condition})`,
    value === undefined ? "" : `at ${measure(value, unit)}`,
    since === undefined ? "" : `since ${formatDuration(Math.max(0, since - startAt))}`,
  ];
}

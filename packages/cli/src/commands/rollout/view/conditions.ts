import { measure } from "@rampart/core";
import type { CriterionView, RolloutView, TriggerActionName, TriggerView, VerdictName } from "@rampart/core";
import { ago } from "../../../output/format.ts";
import { elapsed, length } from "../../../output/measure.ts";
import type { Paint } from "../../../output/style.ts";
import { table, type Cell } from "../../../output/table.ts";
import type { RolloutCanvas } from "./canvas.ts";

const DASH: Cell = { text: "-", paint: "dim" };
const INDENT = "  ";

/** The criteria of where it is: value, threshold, how long each has held, and how old its data are. */
export function criteriaLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (view.criteria.length === 0) return [];
  const rows = view.criteria.map((criterion): readonly Cell[] => [
    criterionMark(criterion),
    criterion.text,
    valueCell(criterion, criterionPaint(criterion)),
    thresholdCell(criterion),
    heldCell(criterion),
    ageCell(criterion.ageMs, view.intervalMs),
  ]);
  return indented(
    canvas,
    [
      { title: "" },
      { title: "CRITERION", shrinkTo: 12 },
      { title: "VALUE", align: "right", shrinkTo: 8 },
      { title: "THRESHOLD", align: "right", optional: true },
      { title: "STREAK", shrinkTo: 10 },
      { title: "AGE", align: "right", optional: true },
    ],
    rows,
  );
}

/** The triggers that are watched: value, threshold, how long each has been true, and how old its data are. */
export function triggerLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (view.triggers.length === 0) return [];
  const signals = new Set(view.metrics.filter(({ source }) => source === "signal").map(({ name }) => name));
  const rows = view.triggers.map((trigger): readonly Cell[] => {
    const mood = moodOf(trigger, signals);
    const paint = moodPaint(trigger, mood);
    return [
      { text: TRIGGER_MARKS[mood], paint },
      { text: trigger.name, paint: trigger.isTrue ? paint : "none" },
      trigger.text,
      valueCell(trigger, trigger.isTrue ? paint : "none"),
      thresholdCell(trigger),
      { text: streakText(trigger, mood, canvas.now), paint },
      { text: `${trigger.action} ${trigger.severity}`, paint: "dim" },
      ageCell(trigger.ageMs, view.intervalMs),
    ];
  });
  return indented(
    canvas,
    [
      { title: "" },
      { title: "TRIGGER", shrinkTo: 8 },
      { title: "CONDITION", shrinkTo: 12 },
      { title: "VALUE", align: "right", shrinkTo: 8 },
      { title: "THRESHOLD", align: "right", optional: true },
      { title: "STREAK", shrinkTo: 10 },
      { title: "ACTION", optional: true },
      { title: "AGE", align: "right", optional: true },
    ],
    rows,
  );
}

/** Metrics that say nothing, and why: whatever hangs on them stands still. A signal that nobody pushed is no fault. */
export function silentLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  const silent = view.metrics.filter((metric) => metric.state !== "value" && metric.source !== "signal");
  if (silent.length === 0) return [];
  const why = silent.map(({ reason = "no data yet" }) => reason);
  const rows = silent.map(({ name, state, query }, index): readonly Cell[] => [
    state === "error" ? { text: "!", paint: "red" } : { text: "?", paint: "yellow" },
    name,
    // A provider that is away silences all of them: its reason is said once.
    why[index] === why[index - 1] ? "" : (why[index] ?? ""),
    { text: query.replaceAll(/\s+/g, " "), paint: "dim" },
  ]);
  const columns = [
    { title: "" },
    { title: "METRIC WITHOUT A VALUE", shrinkTo: 12 },
    { title: "WHY", shrinkTo: 12 },
    { title: "ASKED", shrinkTo: 8, optional: true },
  ];
  return indented(canvas, columns, rows);
}

function indented(
  canvas: RolloutCanvas,
  ...[columns, rows]: [Parameters<typeof table>[0], Parameters<typeof table>[1]]
): readonly string[] {
  const available = canvas.columns === undefined ? undefined : canvas.columns - INDENT.length;
  const text = table(columns, rows, { style: canvas.style, columns: available });
  return text
    .trimEnd()
    .split("\n")
    .map((one) => `${INDENT}${one}`);
}

const VERDICT_MARKS: { readonly [verdict in VerdictName]: string } = {
  pass: "…",
  fail: "✘",
  inconclusive: "?",
  error: "!",
};

function criterionMark(criterion: CriterionView): Cell {
  const mark = criterion.holds ? "✔" : VERDICT_MARKS[criterion.verdict];
  return { text: mark, paint: criterionPaint(criterion) };
}

function criterionPaint({ holds, verdict }: CriterionView): Paint {
  if (holds) return "green";
  switch (verdict) {
    case "pass":
      return "cyan";
    case "fail":
    case "inconclusive":
      return "yellow";
    case "error":
      return "red";
  }
}

function heldCell({ holds, verdict, heldMs, forMs, reason }: CriterionView): Cell {
  if (holds) return { text: forMs === 0 ? "holds" : `held for ${length(forMs)}`, paint: "green" };
  switch (verdict) {
    case "pass":
      return `true for ${elapsed(heldMs)} of ${length(forMs)}`;
    case "fail":
      return { text: "not true", paint: "yellow" };
    case "inconclusive":
    case "error":
      return { text: reason ?? verdict, paint: verdict === "error" ? "red" : "yellow" };
  }
}

const ACTION_PAINT: { readonly [action in TriggerActionName]: Paint } = {
  rollback: "red",
  pause: "yellow",
  notify: "cyan",
};

/** How a trigger stands, as people want to know it; the first that is so. */
type Mood = "fired" | "true" | "silent" | "hasFired" | "quiet" | "unarmed";

function moodOf(trigger: TriggerView, signals: ReadonlySet<string>): Mood {
  if (trigger.isTrue) return trigger.hasFired ? "fired" : "true";
  if (trigger.firedAt !== undefined) return "hasFired";
  if (!trigger.isArmed) return "unarmed";
  // A signal that nobody pushed is false, not missing.
  const isSilent = trigger.reason !== undefined && !signals.has(trigger.metric ?? "");
  return isSilent ? "silent" : "quiet";
}

const TRIGGER_MARKS: { readonly [mood in Mood]: string } = {
  fired: "✘",
  true: "!",
  hasFired: "✘",
  silent: "?",
  quiet: "·",
  unarmed: " ",
};

function moodPaint({ action }: TriggerView, mood: Mood): Paint {
  switch (mood) {
    case "fired":
    case "true":
    case "hasFired":
      return ACTION_PAINT[action];
    case "silent":
      return "yellow";
    case "quiet":
    case "unarmed":
      return "dim";
  }
}

function streakText({ trueForMs, forMs, firedAt, reason }: TriggerView, mood: Mood, now: number): string {
  switch (mood) {
    case "fired":
      return `fired, true for ${elapsed(trueForMs)}`;
    case "true":
      return `true for ${elapsed(trueForMs)} of ${length(forMs)}`;
    case "hasFired":
      return firedAt === undefined ? "fired" : `fired ${ago(firedAt, now)}`;
    case "silent":
    case "quiet":
      return reason ?? "quiet";
    case "unarmed":
      return "not armed";
  }
}

type Measured = Pick<TriggerView, "value" | "threshold" | "unit">;

function valueCell({ value, unit }: Measured, paint: Paint): Cell {
  return value === undefined ? DASH : { text: measure(value, unit ?? "none"), paint };
}

function thresholdCell({ threshold, unit }: Measured): Cell {
  return threshold === undefined ? DASH : measure(threshold, unit ?? "none");
}

/** Data that are older than this many samplings are worth a second look. */
const INTERVALS_OLD = 3;

function ageCell(ageMs: number | undefined, intervalMs: number): Cell {
  if (ageMs === undefined) return DASH;
  return { text: elapsed(ageMs), paint: ageMs > INTERVALS_OLD * intervalMs ? "yellow" : "dim" };
}

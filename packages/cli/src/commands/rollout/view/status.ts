import type { RolloutEventView, RolloutView } from "@rampart/core";
import { moment } from "../../../output/format.ts";
import { line } from "../../../output/lines.ts";
import { truncate } from "../../../output/text.ts";
import { eventPaint, eventText } from "../words.ts";
import { budgetLines } from "./budget.ts";
import type { RolloutCanvas } from "./canvas.ts";
import { comparisonLines } from "./comparisons.ts";
import { criteriaLines, silentLines, triggerLines } from "./conditions.ts";
import { headLines } from "./head.ts";
import { hintLines } from "./hints.ts";
import { approvalLines, checklistLines } from "./people.ts";
import { railLines } from "./rail.ts";

/** A rollout as people read it: where it is, what it waits for, what it is measured by, and what can be done. */
export function statusLines(
  view: RolloutView,
  canvas: RolloutCanvas,
  events: readonly RolloutEventView[] = [],
): readonly string[] {
  const parts = [
    headLines(view, canvas),
    budgetLines(view, canvas),
    railLines(view, canvas),
    criteriaLines(view, canvas),
    triggerLines(view, canvas),
    comparisonLines(view, canvas),
    silentLines(view, canvas),
    approvalLines(view, canvas),
    checklistLines(view, canvas),
    eventLines(events, canvas),
    commandLines(view, canvas),
  ];
  return parts.filter((part) => part.length > 0).flatMap((part, index) => (index === 0 ? part : ["", ...part]));
}

function eventLines(events: readonly RolloutEventView[], canvas: RolloutCanvas): readonly string[] {
  if (events.length === 0) return [];
  return [
    line(canvas, { text: "  LATELY (UTC)", paint: "dim" }),
    ...events.map((event) =>
      line(
        canvas,
        { text: `  ${moment(event.at).slice(11)}  `, paint: "dim" },
        { text: eventText(event), paint: eventPaint(event) },
      ),
    ),
  ];
}

function commandLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  const hints = hintLines(view);
  if (hints.length === 0) return [];
  const cut = (text: string): string => (canvas.columns === undefined ? text : truncate(text, canvas.columns - 2));
  return [
    line(canvas, { text: "  NOW POSSIBLE", paint: "dim" }),
    ...hints.map((hint) => `  ${canvas.style("cyan", cut(hint))}`),
  ];
}

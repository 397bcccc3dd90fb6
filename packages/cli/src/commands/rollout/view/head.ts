import { actorName, type RolloutView } from "@rampart/core";
import { ago } from "../../../output/format.ts";
import { line, wrap } from "../../../output/lines.ts";
import { elapsed } from "../../../output/measure.ts";
import { RECEIPTS_PAINT, receiptsText } from "../receipts.ts";
import { isOver, STATUS } from "../words.ts";
import type { RolloutCanvas } from "./canvas.ts";

/** What it is, where it is, and the one sentence that says what it waits for. */
export function headLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  const { word, paint } = STATUS[view.status];
  const about = [
    `plan ${view.plan.name} version ${view.plan.version}`,
    view.exposedAt === undefined
      ? `made ${ago(view.createdAt, canvas.now)}`
      : `first users ${ago(view.exposedAt, canvas.now)}`,
    `by ${actorName(view.createdBy)}`,
    view.id,
  ];
  return [
    line(canvas, { text: view.flag, paint: "bold" }, ` in ${view.environment}  `, { text: `● ${word}`, paint }, "  ", {
      text: `${view.percentage} %`,
      paint: "bold",
    }),
    line(canvas, { text: view.plan.title, paint: "none" }),
    line(canvas, { text: about.join(" · "), paint: "dim" }),
    "",
    ...wrap(view.sentence, canvas.columns).map((text) => canvas.style("bold", text)),
    ...besideLines(view, canvas),
  ];
}

/** What else matters about where it is, a line each. */
function besideLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  const { escalation, recovery, rollback } = view;
  return [
    ...(rollback === undefined
      ? []
      : [line(canvas, { text: receiptsText(rollback), paint: RECEIPTS_PAINT[rollback.verdict] })]),
    ...view.alerts.map((alert) =>
      line(canvas, {
        text: `alert ${alert.name} (${alert.severity}, ${alert.action}) is firing, began ${ago(alert.since, canvas.now)}`,
        paint: "red",
      }),
    ),
    ...(escalation === undefined
      ? []
      : [
          line(canvas, {
            text: `people are being told (${escalation.severity}, began ${ago(escalation.since, canvas.now)}) until somebody acknowledges`,
            paint: "red",
          }),
        ]),
    ...(recovery?.state === "verifying" && recovery.until !== undefined
      ? [
          line(canvas, {
            text: `recovery is watched for ${elapsed(Date.parse(recovery.until) - canvas.now)} more`,
            paint: "dim",
          }),
        ]
      : []),
    ...(view.window === undefined || isOver(view.status)
      ? []
      : [line(canvas, { text: `stages begin in the window ${view.window}`, paint: "dim" })]),
  ];
}

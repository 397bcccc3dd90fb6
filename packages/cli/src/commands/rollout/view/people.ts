import { actorName, type ApprovalView, type ChecklistItemView, type RolloutView } from "@rampart/core";
import { ago } from "../../../output/format.ts";
import { line } from "../../../output/lines.ts";
import type { Cell } from "../../../output/table.ts";
import type { RolloutCanvas } from "./canvas.ts";

/** Who approved what, and who still has to. */
export function approvalLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (view.approvals.length === 0) return [];
  return [
    line(canvas, { text: "  APPROVALS", paint: "dim" }),
    ...view.approvals.map((approval) => line(canvas, "  ", ...approvalCells(approval, canvas.now))),
  ];
}

function approvalCells({ stage, role, needed, given, isOpen }: ApprovalView, now: number): readonly Cell[] {
  const isDone = given.length >= needed;
  const people = given.map(({ by, at }) => `${actorName(by)} ${ago(at, now)}`).join(", ");
  const missing = needed === 1 ? "" : `${given.length} of ${needed}`;
  const state = isDone
    ? people
    : [missing, people, isOpen ? "waits for it now" : "not yet"].filter((one) => one !== "").join(" · ");
  return [
    { text: isDone ? "✔" : isOpen ? "◌" : "○", paint: isDone ? "green" : isOpen ? "yellow" : "dim" },
    ` ${stage} by ${role}  `,
    { text: state, paint: isOpen && !isDone ? "yellow" : "dim" },
  ];
}

/** The items that belong to where it is. */
export function checklistLines(view: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (view.checklist.length === 0) return [];
  return [
    line(canvas, { text: "  CHECKLIST", paint: "dim" }),
    ...view.checklist.flatMap((item) => [
      line(canvas, "  ", ...itemCells(item, canvas.now)),
      ...(item.run === undefined || item.ticked !== undefined
        ? []
        : [line(canvas, { text: `      run: ${item.run}`, paint: "dim" })]),
    ]),
  ];
}

function itemCells({ text, roles, ticked, dueAt }: ChecklistItemView, now: number): readonly Cell[] {
  if (ticked !== undefined) {
    return [
      { text: "✔", paint: "green" },
      ` ${text}  `,
      { text: `${actorName(ticked.by)} ${ago(ticked.at, now)}`, paint: "dim" },
    ];
  }
  const isLate = dueAt !== undefined && Date.parse(dueAt) < now;
  const due = dueAt === undefined ? [] : [isLate ? `was due ${ago(dueAt, now)}` : `due ${ago(dueAt, now)}`];
  const by = roles.length === 0 ? [] : [`by ${roles.join(" or ")}`];
  return [
    { text: "☐", paint: "yellow" },
    ` ${text}  `,
    { text: [...by, ...due].join(" · "), paint: isLate ? "red" : "dim" },
  ];
}

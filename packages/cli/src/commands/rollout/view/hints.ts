import type { ChecklistItemView, RolloutCommand, RolloutView } from "@rampart/core";
import { widthOf } from "../../../output/text.ts";
import { COMMAND_WORDS } from "../words.ts";

/** What stops comes first: whoever reads this in a hurry needs that. */
const ORDER: readonly RolloutCommand[] = [
  "rollback",
  "pause",
  "resume",
  "approve",
  "reject",
  "tick",
  "promote",
  "start",
  "cancel",
  "acknowledge",
];

const ABOUT: { readonly [command in RolloutCommand]: string } = {
  rollback: "off for everybody, now",
  pause: "hold the percentage",
  resume: "go on",
  approve: "let the stage that waits open, or the next one ahead of its time",
  reject: "refuse the approval, and hold",
  tick: "an item of the checklist is done",
  promote: "end the stage now, whatever it still waits for",
  start: "don't wait for its start",
  cancel: "end it; nobody was exposed",
  acknowledge: "stop the escalation",
};

/** The commands that would do something now, ready to be pasted, with what each does. */
export function hintLines(view: RolloutView): readonly string[] {
  const name = pasteable(view);
  const commands = ORDER.filter((command) => view.allowed.includes(command) && isUseful(view, command));
  const texts = commands.map(
    (command) => `rampart rollout ${COMMAND_WORDS[command]} ${name}${argumentsOf(view, command)}`,
  );
  const width = Math.max(0, ...texts.map(widthOf));
  return texts.map((text, index) => `${text.padEnd(width)}  ${ABOUT[commands[index] ?? "rollback"]}`);
}

/** A command that the table allows but that would change nothing is left out. */
function isUseful(view: RolloutView, command: RolloutCommand): boolean {
  switch (command) {
    case "approve":
      return view.approvals.some((approval) => approval.given.length < approval.needed);
    case "reject":
      return view.approvals.some((approval) => approval.isOpen);
    case "tick":
      return firstOpen(view) !== undefined;
    case "rollback":
      return view.status !== "rollingBack" && view.status !== "verifying" && view.status !== "rolledBack";
    case "acknowledge":
      return view.escalation !== undefined;
    case "start":
    case "pause":
    case "resume":
    case "promote":
    case "cancel":
      return true;
  }
}

function argumentsOf(view: RolloutView, command: RolloutCommand): string {
  const item = command === "tick" ? firstOpen(view) : undefined;
  if (item === undefined) return "";
  const text = item.text.replaceAll(/["$`\\!]/g, ".");
  return text === item.text && text.length <= TEXT_MAX ? ` "${text}"` : ` ${item.id}`;
}

/** A longer item is named by its id. */
const TEXT_MAX = 40;

function firstOpen(view: RolloutView): ChecklistItemView | undefined {
  return view.checklist.find((item) => item.ticked === undefined);
}

/** The flag's key, with the environment where it isn't the one that is meant anyway. */
function pasteable({ flag, environment }: RolloutView): string {
  return environment === "production" ? flag : `${flag} -e ${environment}`;
}

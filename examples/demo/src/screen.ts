import type { RolloutStatus, RolloutView, StageView, TriggerView } from "@rampart/core";
import type { ServiceView } from "./fleet.ts";
import type { Scene } from "./story.ts";

const HOME_AND_CLEAR = "\u001B[H\u001B[J";

/** Where the demo's talk goes: a frame that is drawn anew on a terminal, plain lines elsewhere. */
export interface Screen {
  show(scene: Scene): void;
}

/** A live picture. */
export function terminalScreen(write: (text: string) => void, title: string, colour: boolean): Screen {
  return { show: (scene) => write(HOME_AND_CLEAR + frame(scene, title, painter(colour))) };
}

/** A line whenever the rollout says something new. */
export function lineScreen(write: (text: string) => void): Screen {
  let last = "";
  let wasBroken = false;
  return {
    show({ rollout, services, isBroken }) {
      if (isBroken && !wasBroken) write("the new code breaks\n");
      wasBroken = isBroken;
      const now = `${rollout.status} ${rollout.percentage}`;
      if (now === last) return;
      last = now;
      write(`${rollout.sentence}\n`);
      for (const service of services) if (service.requests > 0) write(`  ${serviceLine(service)}\n`);
    },
  };
}

function frame({ rollout, services, isBroken }: Scene, title: string, paint: Painter): string {
  const triggers = rollout.triggers.map(
    (trigger) =>
      `  ${paint("dim", "trigger")}  ${trigger.text}  ${trigger.threshold !== undefined && trigger.unit === "none" ? evidence(trigger) : `now ${share(trigger.value)}`}${trigger.isTrue ? paint("red", "  true") : ""}`,
  );
  const fault = isBroken ? paint("yellow", "   the new code is broken") : "";
  return [
    `  ${paint("bold", "Rampart")}  ${title}`,
    "",
    `  ${rail(rollout, paint)}   ${paint("bold", `${rollout.percentage} %`)}  ${paint(STATUS_STYLE[rollout.status], rollout.status)}${fault}`,
    `  ${rollout.sentence}`,
    "",
    ...triggers,
    "",
    `  ${paint("dim", "process      users on                       errors   revision  state")}`,
    ...services.map((service) => `  ${serviceLine(service)}`),
    "",
  ].join("\n");
}

const STATUS_STYLE: Readonly<Record<RolloutStatus, Style>> = {
  scheduled: "dim",
  preconditions: "dim",
  running: "green",
  awaiting: "yellow",
  paused: "yellow",
  rollingBack: "red",
  verifying: "red",
  rolledBack: "red",
  completed: "green",
  cancelled: "dim",
};

/** `✓1 ━━ ●5 ━━ ○25`: done, current, still to come; `✗` where it was stopped. */
function rail({ stages }: RolloutView, paint: Painter): string {
  return stages
    .map((stage) => paint(STAGE_STYLE[stage.state], `${STAGE_SIGN[stage.state]}${stage.percentage}`))
    .join(paint("dim", " ━━ "));
}

const STAGE_SIGN: Readonly<Record<StageView["state"], string>> = {
  done: "✓",
  current: "●",
  opening: "◌",
  next: "○",
  stopped: "✗",
};
const STAGE_STYLE: Readonly<Record<StageView["state"], Style>> = {
  done: "green",
  current: "bold",
  opening: "yellow",
  next: "dim",
  stopped: "red",
};

const BAR_CELLS = 20;

function serviceLine(view: ServiceView): string {
  const filled = Math.round(view.onShare * BAR_CELLS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  return `${view.name.padEnd(11)} ${bar} ${share(view.onShare).padStart(7)}  ${share(view.failureShare).padStart(7)}   ${String(view.revision).padStart(8)}  ${view.state}`;
}

function evidence({ value = 0, threshold = 0 }: TriggerView): string {
  return `evidence ${Number(value.toPrecision(2))} of ${Number(threshold.toPrecision(2))}`;
}

/** A ratio as a percentage with one decimal; a dash when nothing is known. */
export function share(value: number | undefined): string {
  return value === undefined ? "—" : `${(value * 100).toFixed(1)} %`;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow";
type Painter = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, string>> = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33" };

function painter(colour: boolean): Painter {
  return (style, text) => (colour ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text);
}

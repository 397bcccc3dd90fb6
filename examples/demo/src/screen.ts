import type { ServiceView } from "./fleet.ts";
import { STAGES, milliseconds, type Outcome, type Scene } from "./story.ts";

const LOG_LINES = 8;
const FRAME_MS = 200;
const HOME_AND_CLEAR = "\u001B[H\u001B[J";

/** Where the demo's talk goes: a frame that is drawn anew on a terminal, plain lines elsewhere. */
export interface Screen {
  show(scene: Scene): void;
  close(): void;
}

/** A live picture, redrawn five times a second. */
export function terminalScreen(write: (text: string) => void, views: () => readonly ServiceView[], title: string, colour: boolean): Screen {
  let scene: Scene = { percentage: 0, phase: "ramping", log: [] };
  const draw = () => write(HOME_AND_CLEAR + frame(scene, views(), title, colour));
  const timer = setInterval(draw, FRAME_MS);
  return {
    show(next) {
      scene = next;
      draw();
    },
    close() {
      clearInterval(timer);
      draw();
    },
  };
}

/** One line for each turn of the story. */
export function lineScreen(write: (text: string) => void, views: () => readonly ServiceView[]): Screen {
  return {
    show(scene) {
      write(`${scene.log.at(-1) ?? ""}\n`);
      for (const view of views()) if (view.requests > 0) write(`  ${serviceLine(view)}\n`);
    },
    close() {},
  };
}

export function frame(scene: Scene, views: readonly ServiceView[], title: string, colour: boolean): string {
  const paint = painter(colour);
  const phase = {
    ramping: paint("green", "ramping"),
    broken: paint("yellow", "the new code is broken"),
    killed: paint("red", "killed"),
  }[scene.phase];
  return [
    `  ${paint("bold", "Rampart")}  ${title}`,
    "",
    `  ${rail(scene.percentage, paint)}   ${paint("bold", `${scene.percentage} %`)}   ${phase}`,
    "",
    `  ${paint("dim", "process      users on                    errors   revision  state")}`,
    ...views.map((view) => `  ${serviceLine(view)}`),
    "",
    ...scene.log.slice(-LOG_LINES).map((line) => `  ${paint("dim", "·")} ${line}`),
    "",
  ].join("\n");
}

/** `●━━━●━━━○`: a dot for each stage, filled when reached. */
function rail(percentage: number, paint: Painter): string {
  return STAGES.map((stage) => (percentage >= stage ? paint("green", `●${stage}`) : paint("dim", `○${stage}`))).join(paint("dim", " ━━ "));
}

const BAR_CELLS = 20;

function serviceLine(view: ServiceView): string {
  const filled = Math.round(view.onShare * BAR_CELLS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  return `${view.name.padEnd(11)} ${bar} ${percent(view.onShare)}  ${percent(view.failureShare)}   ${String(view.revision).padStart(8)}  ${view.state}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).padStart(5)} %`;
}

export function summary(outcome: Outcome): string {
  const rows = outcome.steps.map(
    (step) => `  ${step.label.padEnd(7)} ${String(step.revision).padStart(8)} ${milliseconds(step.answeredAfterMs).padStart(12)} ${milliseconds(step.lastAppliedAfterMs).padStart(14)}`,
  );
  const stillOn = outcome.final.filter((view) => view.onShare > 0);
  return [
    "",
    "  flip    revision     answered   last process",
    ...rows,
    "",
    stillOn.length === 0
      ? `  The flag is off in all ${outcome.final.length} processes.`
      : `  STILL ON in ${stillOn.map((view) => view.name).join(", ")}.`,
    "  Times count from the operator's request, which includes the durable commit, to the SDK in the last process.",
    "",
  ].join("\n");
}

type Style = "bold" | "dim" | "red" | "green" | "yellow";
type Painter = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, string>> = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33" };

function painter(colour: boolean): Painter {
  return (style, text) => (colour ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text);
}

import type { RolloutView, StageState, StageView } from "@rampart/core";
import { line, type Canvas } from "../../../output/lines.ts";
import { bar, elapsed, length } from "../../../output/measure.ts";
import type { Paint } from "../../../output/style.ts";
import type { Cell } from "../../../output/table.ts";
import { pad, truncate, widthOf } from "../../../output/text.ts";

const MARKS: { readonly [state in StageState]: { readonly mark: string; readonly paint: Paint } } = {
  done: { mark: "✔", paint: "green" },
  current: { mark: "▶", paint: "cyan" },
  opening: { mark: "◌", paint: "yellow" },
  next: { mark: "○", paint: "dim" },
  stopped: { mark: "✘", paint: "red" },
};

const BAR_COLUMNS = 20;
const NAME_COLUMNS_MAX = 28;

/** A line for each stage; the one that is open has its progress and what is left of it. */
export function railLines(view: RolloutView, canvas: Canvas): readonly string[] {
  const nameColumns = Math.min(NAME_COLUMNS_MAX, Math.max(...view.stages.map(({ name }) => widthOf(name))));
  const percentColumns = Math.max(...view.stages.map(({ percentage }) => String(percentage).length));
  return view.stages.map((stage) => {
    const { mark, paint } = MARKS[stage.state];
    const name = pad(truncate(stage.name, nameColumns), nameColumns);
    const percentage = String(stage.percentage).padStart(percentColumns);
    return line(
      canvas,
      "  ",
      { text: mark, paint },
      " ",
      {
        text: `${name}  ${percentage} %`,
        paint: stage.state === "current" ? "bold" : stage.state === "next" ? "dim" : "none",
      },
      "  ",
      ...progressCells(stage, view),
    );
  });
}

function progressCells(stage: StageView, view: RolloutView): readonly Cell[] {
  switch (stage.state) {
    case "current":
      return currentCells(stage, view);
    case "done":
      return [{ text: "done", paint: "dim" }];
    case "opening":
      return [{ text: `waits to open, then ${length(stage.durationMs)}`, paint: "yellow" }];
    case "next":
      return [{ text: length(stage.durationMs), paint: "dim" }];
    case "stopped":
      return [{ text: "rolled back", paint: "red" }];
  }
}

function currentCells(
  { durationMs, timeoutMs, elapsedMs = 0, remainingMs = 0 }: StageView,
  view: RolloutView,
): readonly Cell[] {
  const share = durationMs === 0 ? 1 : elapsedMs / durationMs;
  const { filled, empty } = bar(share, BAR_COLUMNS);
  const left =
    remainingMs > 0 ? `${elapsed(remainingMs)} left of ${length(durationMs)}` : `${length(durationMs)} passed`;
  const limit = timeoutMs === undefined ? "" : `, times out after ${length(timeoutMs)}`;
  const still = view.status === "paused" ? " (stands still)" : "";
  return [
    { text: filled, paint: "cyan" },
    { text: empty, paint: "dim" },
    `  ${left}${still}`,
    { text: limit, paint: "dim" },
  ];
}

import type { ComparisonView, RolloutView } from "@rampart/core";
import { line } from "../../../output/lines.ts";
import type { Paint } from "../../../output/style.ts";
import type { RolloutCanvas } from "./canvas.ts";

/** The users with the flag against those without it: one line for each compared metric, and why where there is nothing to say. */
export function comparisonLines({ comparisons }: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (comparisons.length === 0) return [];
  return [
    line(canvas, { text: "  WITH THE FLAG AGAINST WITHOUT IT", paint: "dim" }),
    ...comparisons.flatMap((one) => {
      const { mark, paint } = MOODS[moodOf(one)];
      return [
        line(canvas, { text: `  ${mark} `, paint }, { text: one.line, paint }),
        ...(one.reason === undefined
          ? []
          : [line(canvas, { text: `    not compared: ${one.reason}`, paint: "yellow" })]),
      ];
    }),
  ];
}

type Mood = "harm" | "safe" | "open" | "blind";

const MOODS: { readonly [mood in Mood]: { readonly mark: string; readonly paint: Paint } } = {
  harm: { mark: "✘", paint: "red" },
  safe: { mark: "✔", paint: "green" },
  open: { mark: "…", paint: "none" },
  blind: { mark: "?", paint: "yellow" },
};

/** Wholly below the margin is safe; harm is what a test says. */
function moodOf({ standing, reason, tests, margin, series }: ComparisonView): Mood {
  if (tests.some(({ isAlarm }) => isAlarm)) return "harm";
  if (standing !== "compared" || reason !== undefined) return "blind";
  const high = series.at(-1)?.high;
  return margin !== undefined && high !== undefined && high < margin ? "safe" : "open";
}

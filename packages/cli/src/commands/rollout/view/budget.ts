import { BUDGET_MS, budgetOf, type RolloutView } from "@rampart/core";
import { line } from "../../../output/lines.ts";
import { seconds } from "../../../output/measure.ts";
import { pad } from "../../../output/text.ts";
import type { RolloutCanvas } from "./canvas.ts";

/** Where a rollback's time went, leg by leg, and whether that is within what was promised. */
export function budgetLines({ rollback }: RolloutView, canvas: RolloutCanvas): readonly string[] {
  if (rollback === undefined) return [];
  const { legs, totalMs, isKept, isMeasured } = budgetOf(rollback.legs);
  const total = isMeasured ? "total" : "total, without the clients";
  const width = Math.max(total.length, ...legs.map(({ name }) => name.length));
  return [
    line(canvas, { text: "  WHERE THE TIME WENT", paint: "dim" }),
    ...legs.map(({ name, ms }) =>
      line(canvas, `    ${pad(name, width)}  `, ms === undefined ? { text: "-", paint: "dim" } : seconds(ms)),
    ),
    line(
      canvas,
      { text: `    ${pad(total, width)}  ${seconds(totalMs)}`, paint: "bold" },
      { text: ` of ${BUDGET_MS / 1000}s`, paint: isKept ? "green" : "red" },
      ...(isKept ? [] : [{ text: ", too long", paint: "red" as const }]),
    ),
  ];
}

import type { RampView } from "@rampart/core";
import { percent } from "../../output/format.ts";
import type { Run } from "../../run.ts";

/** What a ramp did, in a line: `checkout in production: 5 % → 25 % (revision 43)`. */
export function rampText(run: Run, ramp: RampView): string {
  const where = `${run.style("bold", ramp.feature)} in ${ramp.environment}`;
  const now = ramp.percentage === undefined ? "on" : percent(ramp.percentage);
  if (!ramp.changed) return `${where}: at ${now} already (revision ${ramp.revision})\n`;
  const before = ramp.previousPercentage === undefined ? "" : `${percent(ramp.previousPercentage)} → `;
  return `${where}: ${before}${run.style("green", now)} (revision ${ramp.revision})\n`;
}

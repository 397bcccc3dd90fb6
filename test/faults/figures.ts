import { appendFileSync } from "node:fs";

/** What a long run measured, by names that say the unit. */
export interface Figures {
  readonly [name: string]: number | string;
}

/** Tells `npm run nightly` what a long run measured: a line of JSON in the file that `RAMPART_FIGURES` names. Elsewhere nobody asks, and it does nothing. */
export function figures(of: "kills" | "seeds", measured: Figures): void {
  const file = process.env["RAMPART_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ of, ...measured })}\n`);
}

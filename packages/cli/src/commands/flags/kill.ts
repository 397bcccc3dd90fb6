import type { RampView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { percent } from "../../output/format.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";

/** Killing is idempotent, so a lost answer is no reason to give up. */
const KILL_RETRIES = 3;
/** Short, so that all tries together end within the 30 seconds that a rollback may take. */
const KILL_TIMEOUT_MS = 5000;

/** `rampart flags kill FLAG` */
export const defineKill: Define = (flags, bind) => {
  flags
    .command("kill <flag>")
    .summary("off for everybody, at once: percentage, rules and targets")
    .description(
      "Take a flag back from everybody at once: percentage, rules and targets are all turned off, and kept for restore. Asks nothing, and can be repeated.",
    )
    .option("--reason <text>", "why, for the audit")
    .action(
      bind<readonly [flag: string], { readonly reason?: string }>(async (run, [key], { reason }) => {
        const api = await run.api({ timeoutMs: run.global.requestTimeout ?? KILL_TIMEOUT_MS });
        const ramp = await api.request<RampView>({
          method: "POST",
          path: paths.kill(run.environment, key),
          body: reason === undefined ? {} : { reason },
          retries: KILL_RETRIES,
          onRetry: (attempt, error) => run.note(`${error.message}; trying again (${attempt} of ${KILL_RETRIES + 1})`),
        });
        printKill(run, ramp);
        if (!run.json)
          run.note(
            `who has it: rampart clients${elsewhere(run)}\nundo it:    rampart flags restore ${ramp.feature}${elsewhere(run)}`,
          );
      }),
    );
};

/** Prints what came of a kill, or of a rollback that clients were told of and the store was not. */
export function printKill(run: Run, ramp: RampView): void {
  run.print(ramp, () => killText(run, ramp));
  if (ramp.unstored !== undefined) run.note(`not stored yet: ${ramp.unstored.detail}`);
}

function killText(run: Run, ramp: RampView): string {
  const where = `${run.style("bold", ramp.feature)} in ${ramp.environment}`;
  if (ramp.unstored !== undefined)
    return `${where}: ${run.style("red", "off")} in the connected clients, above revision ${ramp.revision}\n`;
  if (!ramp.changed) return `${where}: ${run.style("red", "off")} for everybody already (revision ${ramp.revision})\n`;
  const before = ramp.previousPercentage === undefined ? "" : `, was ${percent(ramp.previousPercentage)}`;
  return `${where}: ${run.style("red", "off")} for everybody${before} (revision ${ramp.revision})\n`;
}

/** The option that the next command needs to mean the same environment. */
function elsewhere(run: Run): string {
  return run.global.environment === undefined ? "" : ` -e ${run.global.environment}`;
}

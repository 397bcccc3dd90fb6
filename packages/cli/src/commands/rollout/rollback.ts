import type { RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Api } from "../../api/types.ts";
import { CliError } from "../../errors.ts";
import type { Run } from "../../run.ts";
import { printKill } from "../flags/kill.ts";
import type { Define } from "../group.ts";
import { command, printOutcome } from "./obey.ts";
import { findRollout, WHICH, type Patience } from "./which.ts";

/** A rollback can be asked for twice, so a lost answer is no reason to give up. */
const RETRIES = 3;
/** Short, so that all tries together end within the 30 seconds that a rollback may take. */
const TIMEOUT_MS = 3000;
const CONFIRM_EVERY_MS = 100;
const CONFIRM_LOOKS_MAX = 10;

/** `rampart rollout rollback ROLLOUT` */
export const defineRollback: Define = (rollout, bind) => {
  rollout
    .command("rollback")
    .summary("off for everybody, at once; then watch whether it helped")
    .description(
      "Take the feature back from everybody at once: percentage, rules and targets are turned off. Asks nothing, beats every other command, and can be repeated. Afterwards the rollout watches whether its criteria recover.",
    )
    .argument("<rollout>", WHICH)
    .option("--reason <text>", "why, for the log and the audit")
    .action(
      bind<readonly [name: string], { readonly reason?: string }>(async (run, [name], { reason }) => {
        const api = await run.api({ timeoutMs: run.global.requestTimeout ?? TIMEOUT_MS });
        const patience: Patience = {
          retries: RETRIES,
          onRetry: (attempt, error) => run.note(`${error.message}; trying again (${attempt} of ${RETRIES + 1})`),
        };
        try {
          const { id } = await findRollout(run, api, name, patience);
          const decided = await command(api, id, "rollback", reason === undefined ? {} : { reason }, patience);
          if ("unstored" in decided) printKill(run, decided);
          else printOutcome(run, await confirmed(run, api, decided));
        } catch (error) {
          throw withLastResort(error);
        }
        if (!run.json) noteNext(run, name);
      }),
    );
};

/** The flag is off a moment after the rollback was decided: worth waiting for, but never an error. */
async function confirmed(run: Run, api: Api, decided: RolloutView): Promise<RolloutView> {
  let view = decided;
  for (let looks = 0; looks < CONFIRM_LOOKS_MAX && view.status === "rollingBack"; looks += 1) {
    await run.io.sleep(CONFIRM_EVERY_MS);
    view = await api.request<RolloutView>({ path: paths.rolloutById(view.id) }).catch(() => view);
  }
  return view;
}

function noteNext(run: Run, name: string): void {
  const elsewhere = run.global.environment === undefined ? "" : ` -e ${run.global.environment}`;
  run.note(`who applied it: rampart receipts${elsewhere}`);
  run.note(`did it help:    rampart rollout status ${name} --watch${elsewhere}`);
}

/** Killing the flag needs no rollout, and always works. */
function withLastResort(error: unknown): unknown {
  if (!(error instanceof CliError) || error.lines.some((line) => line.includes("flags kill"))) return error;
  return new CliError({
    code: error.code,
    message: error.message,
    lines: [...error.lines, "the flag can be switched off without its rollout: rampart flags kill FLAG"],
    exitCode: error.exitCode,
    cause: error,
  });
}

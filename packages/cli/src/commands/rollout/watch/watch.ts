import type { RolloutView } from "@rampart/core";
import { EXIT, type ExitCode } from "../../../exit.ts";
import type { Run } from "../../../run.ts";
import { watchAsLog } from "./log.ts";
import { watchOnScreen } from "./screen.ts";

/** Follows a rollout: a live tree on a terminal, a line an event elsewhere. */
export async function watch(run: Run, id: string): Promise<ExitCode> {
  const canRedraw = run.io.stdout.isTerminal && run.io.env["TERM"] !== "dumb" && !run.json;
  return exitCodeOf(await (canRedraw ? watchOnScreen(run, id) : watchAsLog(run, id)));
}

/** Somebody who quits before the end has seen what they wanted. */
function exitCodeOf(view: RolloutView | undefined): ExitCode {
  switch (view?.status) {
    case "rolledBack":
      return EXIT.rolledBack;
    case "cancelled":
      return EXIT.failure;
    case "completed":
    case "scheduled":
    case "preconditions":
    case "awaiting":
    case "running":
    case "paused":
    case "rollingBack":
    case "verifying":
    case undefined:
      return EXIT.ok;
  }
}

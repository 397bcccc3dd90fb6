import type { RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { CliError } from "../../errors.ts";
import { EXIT, type ExitCode } from "../../exit.ts";
import { length } from "../../output/measure.ts";
import type { Run } from "../../run.ts";
import { goalText, standingOf, type Goal } from "./goal.ts";
import { printOutcome } from "./obey.ts";
import { whereText } from "./words.ts";

const POLL_EVERY_MS = 1000;

/**
 * Waits until a rollout has reached a goal, and prints where it is: exit code 0, or 5 when it was rolled back. Rejects with exit code
 * 6 when `timeoutMs` passed, 1 when it ended without. A server that is away for a while is waited for.
 */
export async function awaitGoal(
  run: Run,
  first: RolloutView,
  { goal, timeoutMs }: { readonly goal: Goal; readonly timeoutMs: number | undefined },
): Promise<ExitCode> {
  const until = timeoutMs === undefined ? Infinity : run.io.now() + timeoutMs;
  const api = await run.api();
  const tell = createTeller(run);
  for (let view = first; ;) {
    const standing = standingOf(goal, view);
    switch (standing) {
      case "reached":
        printOutcome(run, view);
        return EXIT.ok;
      case "rolledBack":
        printOutcome(run, view);
        return EXIT.rolledBack;
      case "missed":
        printOutcome(run, view);
        throw new CliError({ code: "MISSED", message: `${whereText(view)} ended without being ${goalText(goal)}` });
      case "waiting":
        tell.standing(view);
    }
    const leftMs = until - run.io.now();
    if (leftMs <= 0) throw timedOut(view, goal, timeoutMs ?? 0);
    await run.io.sleep(Math.min(POLL_EVERY_MS, leftMs));
    try {
      view = await api.request<RolloutView>({ path: paths.rolloutById(view.id) });
      tell.connected();
    } catch (error) {
      if (!isPassing(error)) throw error;
      tell.lost(error);
    }
  }
}

/** Says on stderr what changed, once. */
function createTeller(run: Run) {
  let said = "";
  let isLost = false;
  return {
    standing(view: RolloutView): void {
      const standing = `${view.status} ${view.stage?.name} ${view.percentage}`;
      if (standing === said) return;
      said = standing;
      run.note(view.sentence);
    },
    lost(error: CliError): void {
      if (!isLost) run.note(`${error.message}; trying again`);
      isLost = true;
    },
    connected(): void {
      if (isLost) run.note("connected again");
      isLost = false;
    },
  };
}

function timedOut(view: RolloutView, goal: Goal, timeoutMs: number): CliError {
  return new CliError({
    code: "TIMED_OUT",
    message: `${whereText(view)} is not ${goalText(goal)} after ${length(timeoutMs)}`,
    lines: [view.sentence, "the rollout goes on; wait longer with --timeout"],
    exitCode: EXIT.timedOut,
  });
}

const PASSING: ReadonlySet<string> = new Set(["UNREACHABLE", "TIMEOUT", "UNAVAILABLE"]);

/** The server is away for now: waiting helps. */
export function isPassing(error: unknown): error is CliError {
  return error instanceof CliError && PASSING.has(error.code);
}

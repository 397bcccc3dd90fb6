import type { NewRollout, RolloutSummary, RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { CliError } from "../../errors.ts";
import { parseDuration } from "../../input/duration.ts";
import { readText } from "../../input/file.ts";
import { parseInstant } from "../../input/instant.ts";
import { plural } from "../../output/format.ts";
import { styleFor } from "../../output/style.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { problemText } from "../plan/excerpt.ts";
import { awaitGoal } from "./await-goal.ts";
import { printOutcome } from "./obey.ts";

interface StartOptions {
  readonly at?: string;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** `rampart rollout start PLAN` */
export const defineStart: Define = (rollout, bind) => {
  rollout
    .command("start")
    .summary("run a plan")
    .description(
      "Run a plan on the flag and in the environment that it names. The server checks it first: an invalid plan changes nothing, and every mistake is shown with its line and column.",
    )
    .argument("<plan>", "the plan's file; - reads stdin")
    .option("--at <time>", "not before: 2026-01-05T02:00:00Z, or +2h from now on")
    .option("--wait", "wait until it is over, as rollout wait does")
    .option("--timeout <time>", "with --wait: how long at most", parseDuration)
    .action(
      bind<readonly [file: string], StartOptions>(async (run, [file], { at, wait, timeout }) => {
        const plan = await readText(run.io, file);
        const body: NewRollout = {
          plan,
          ...(at === undefined ? {} : { startAt: parseInstant(at, run.io.now()) }),
        };
        const api = await run.api();
        const view = await api
          .request<RolloutView>({ method: "POST", path: paths.rollouts, body })
          .catch((error: unknown) => {
            throw explained(run, { file: file === "-" ? "<stdin>" : file, text: plan }, error);
          });
        if (!run.json) run.note(`started ${view.id}`);
        if (wait === true) return awaitGoal(run, view, { goal: { kind: "completed" }, timeoutMs: timeout });
        printOutcome(run, view);
        if (!run.json) noteNext(run, view);
        return undefined;
      }),
    );
};

function noteNext(run: Run, { flag, environment }: RolloutSummary): void {
  const name = environment === "production" ? flag : `${flag} -e ${environment}`;
  run.note(`watch it:      rampart rollout status ${name} --watch`);
  run.note(`take it back:  rampart rollout rollback ${name}`);
}

/** Shows what is wrong with a plan in its own lines, as `plan validate` does. Other errors are given back as they are. */
function explained(
  run: Run,
  { file, text }: { readonly file: string; readonly text: string },
  error: unknown,
): unknown {
  if (!(error instanceof CliError)) return error;
  if (error.code === "ROLLOUT_BUSY") return busy(error);
  const placed = (error.problem?.errors ?? []).flatMap(({ pointer, detail, hint = "", line, column = 1 }) =>
    line === undefined ? [] : [{ line, column, endColumn: column + 1, path: pointer, message: detail, hint }],
  );
  if (placed.length === 0) return error;
  const style = styleFor(run.io.stderr, run.io.env);
  const lines = text.split("\n");
  for (const problem of placed) run.note(problemText(problem, { file, lines, style, paint: "red" }));
  return new CliError({
    code: error.code,
    message: `${plural(placed.length, "problem")} in ${file}; nothing was started`,
    exitCode: error.exitCode,
    cause: error,
  });
}

/** Another rollout ramps the flag: which one, and what to do about it. */
function busy(error: CliError): CliError {
  const [, id = "ID"] = /\brollout ([\w-]+) ramps\b/.exec(error.message) ?? [];
  return new CliError({
    code: error.code,
    message: error.message,
    lines: [
      "nothing was started",
      `look at it:  rampart rollout status ${id}`,
      `end it:      rampart rollout rollback ${id}, or cancel while nobody is exposed`,
    ],
    exitCode: error.exitCode,
    cause: error,
  });
}

import type { NewRollout, RolloutSummary, RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { CliError } from "../../errors.ts";
import { parseDuration } from "../../input/duration.ts";
import { readText } from "../../input/file.ts";
import { parseInstant } from "../../input/instant.ts";
import type { Define } from "../group.ts";
import { awaitGoal } from "./await-goal.ts";
import { printOutcome } from "./obey.ts";

interface StartOptions {
  readonly at?: string;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

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
        const body: NewRollout = {
          plan: await readText(run.io, file),
          ...(at === undefined ? {} : { startAt: parseInstant(at, run.io.now()) }),
        };
        const api = await run.api();
        const view = await api
          .request<RolloutView>({ method: "POST", path: paths.rollouts, body })
          .catch((error: unknown) => {
            throw inFile(file === "-" ? "stdin" : file, error);
          });
        if (!run.json) run.note(`started ${view.id}`);
        if (wait === true) return awaitGoal(run, view, { goal: { kind: "completed" }, timeoutMs: timeout });
        printOutcome(run, view);
        if (!run.json) noteNext(run.note, view);
        return undefined;
      }),
    );
};

function noteNext(note: (text: string) => void, { flag, environment }: RolloutSummary): void {
  const name = environment === "production" ? flag : `${flag} -e ${environment}`;
  note(`watch it:      rampart rollout status ${name} --watch`);
  note(`take it back:  rampart rollout rollback ${name}`);
}

/** What is wrong with a plan, as editors and terminals link it: `plan.yaml:12:5: …`, then what to do. */
function inFile(file: string, error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const { problem } = error;
  const placed = problem?.errors?.filter((one) => one.line !== undefined) ?? [];
  if (problem === undefined || placed.length === 0) return error;
  const lines = placed.flatMap(({ line, column, detail, hint }) => [
    `${file}:${line}:${column ?? 1}: ${detail}`,
    ...(hint === undefined ? [] : [`    ${hint}`]),
  ]);
  return new CliError({
    code: error.code,
    message: `${file} is not a valid plan: ${placed.length === 1 ? "1 problem" : `${placed.length} problems`}`,
    lines: [...lines, "nothing was started"],
    exitCode: error.exitCode,
    cause: error,
    problem,
  });
}

import type { RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { parseDuration } from "../../input/duration.ts";
import type { Define } from "../group.ts";
import { awaitGoal } from "./await-goal.ts";
import { parseGoal, type Goal } from "./goal.ts";
import { findRollout, WHICH } from "./which.ts";

interface WaitOptions {
  readonly for?: Goal;
  /** Milliseconds. */
  readonly timeout?: number;
}

const EXAMPLES = `
Exit codes: 0 it is there, 5 rolled back, 6 timed out, 1 it ended without (cancelled)

Examples:
  rampart rollout wait checkout                                  until it is completed
  rampart rollout wait checkout --for percentage:25 --timeout 2h
  rampart rollout wait checkout --for stage:canary || page-me
`;

/** `rampart rollout wait ROLLOUT` */
export const defineWait: Define = (rollout, bind) => {
  rollout
    .command("wait")
    .summary("wait for a rollout's end, a stage or a percentage; for scripts")
    .description(
      "Wait until a rollout is completed, or has come as far as --for says. Ends as soon as a rollback is decided. A server that is away for a while is waited for.",
    )
    .argument("<rollout>", WHICH)
    .option("--for <goal>", "completed, stage:NAME or percentage:25 (default: completed)", parseGoal)
    .option("--timeout <time>", "how long at most (default: as long as it takes)", parseDuration)
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [name: string], WaitOptions>(async (run, [name], options) => {
        const api = await run.api();
        const { id } = await findRollout(run, api, name);
        const view = await api.request<RolloutView>({ path: paths.rolloutById(id) });
        const goal = options.for ?? { kind: "completed" };
        return awaitGoal(run, view, { goal, timeoutMs: options.timeout });
      }),
    );
};

import type { RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Define } from "../group.ts";
import { canvasFor } from "./view/canvas.ts";
import { statusLines } from "./view/status.ts";
import { watch } from "./watch/watch.ts";
import { findRollout, WHICH } from "./which.ts";

const NOTES = `
--watch on a terminal redraws until q or Ctrl-C; elsewhere it prints a line for each event, with --json a JSON document a line.
It ends by itself when the rollout is over: exit code 0 completed, 5 rolled back, 1 cancelled.
`;

/** `rampart rollout status ROLLOUT [--watch]` */
export const defineStatus: Define = (rollout, bind) => {
  rollout
    .command("status")
    .summary("where a rollout is, what it waits for, and what can be done")
    .description(
      "Show where a rollout is and what it waits for: its stages, each criterion and trigger with value, threshold and streak, approvals, checklist, and the commands that are possible now.",
    )
    .argument("<rollout>", WHICH)
    .option("-w, --watch", "follow it until it is over")
    .addHelpText("after", NOTES)
    .action(
      bind<readonly [name: string], { readonly watch?: boolean }>(async (run, [name], options) => {
        const api = await run.api();
        const { id } = await findRollout(run, api, name);
        if (options.watch === true) return watch(run, id);
        const view = await api.request<RolloutView>({ path: paths.rolloutById(id) });
        run.print(view, () => `${statusLines(view, canvasFor(run, view)).join("\n")}\n`);
        return undefined;
      }),
    );
};

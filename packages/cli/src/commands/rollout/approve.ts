import type { RolloutView } from "@rampart/core";
import type { Define } from "../group.ts";
import { command, printOutcome } from "./obey.ts";
import { findRollout, WHICH } from "./which.ts";

interface ApproveOptions {
  readonly role?: string;
  readonly planDigest?: string;
}

/** `rampart rollout approve ROLLOUT` */
export const defineApprove: Define = (rollout, bind) => {
  rollout
    .command("approve")
    .summary("let a stage open that needs your approval")
    .description(
      "Approve the stage that waits, or the next one ahead of its time, in every role that you hold and it needs. An approval is bound to the plan as it is: editing the plan voids it.",
    )
    .argument("<rollout>", WHICH)
    .option("--role <role>", "approve in this role only")
    .option(
      "--plan-digest <digest>",
      "only when the rollout still runs the plan with this digest, the one that you read",
    )
    .action(
      bind<readonly [name: string], ApproveOptions>(async (run, [name], options) => {
        const api = await run.api();
        const { id } = await findRollout(run, api, name);
        const view = await command(api, id, "approve", { ...options });
        printOutcome(run, view);
        if (!run.json) run.note(`approved for the plan ${planText(view)}`);
      }),
    );
};

/** `rampart rollout reject ROLLOUT` */
export const defineReject: Define = (rollout, bind) => {
  rollout
    .command("reject")
    .summary("refuse the approval that a stage waits for, and hold")
    .description(
      "Refuse the approval that a stage waits for. The rollout pauses, and approvals that were given for the stage are taken back.",
    )
    .argument("<rollout>", WHICH)
    .option("--role <role>", "reject in this role only")
    .option("--reason <text>", "why, for the log and the audit")
    .action(
      bind<readonly [name: string], { readonly role?: string; readonly reason?: string }>(
        async (run, [name], options) => {
          const api = await run.api();
          const { id } = await findRollout(run, api, name);
          printOutcome(run, await command(api, id, "reject", { ...options }));
        },
      ),
    );
};

function planText({ plan }: RolloutView): string {
  return `${plan.name} version ${plan.version} (${plan.digest.slice(0, 12)}); editing it voids the approval`;
}

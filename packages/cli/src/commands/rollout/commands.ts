import type { RolloutCommand } from "@rampart/core";
import type { Define } from "../group.ts";
import { command, printOutcome } from "./obey.ts";
import { findRollout, WHICH } from "./which.ts";

/** Commands that take a reason and nothing else. */
const PLAIN: readonly {
  readonly name: string;
  readonly command: Extract<RolloutCommand, "start" | "pause" | "resume" | "promote" | "cancel" | "acknowledge">;
  readonly summary: string;
  readonly description: string;
}[] = [
  {
    name: "begin",
    command: "start",
    summary: "begin a scheduled rollout now",
    description: "Begin a scheduled rollout now. Its preconditions still have to hold.",
  },
  {
    name: "pause",
    command: "pause",
    summary: "hold the percentage where it is",
    description:
      "Hold the percentage where it is, and the clock of the stage. Metrics are sampled and triggers watched as before.",
  },
  {
    name: "resume",
    command: "resume",
    summary: "go on after a pause",
    description: "Go on after a pause: the clock of the stage runs again.",
  },
  {
    name: "promote",
    command: "promote",
    summary: "end the stage now, whatever it still waits for",
    description:
      "End the stage now, whatever it still waits for; what was missing is kept in the evidence. Not while a trigger that pauses or rolls back is true.",
  },
  {
    name: "cancel",
    command: "cancel",
    summary: "end a rollout that has exposed nobody yet",
    description: "End a rollout that has exposed nobody yet. Afterwards roll it back instead.",
  },
  {
    name: "ack",
    command: "acknowledge",
    summary: "say that somebody looks after it, and stop the escalation",
    description: "Say that somebody looks after it: nobody else is told any more.",
  },
];

interface ReasonOptions {
  readonly reason?: string;
}

/** The commands of a rollout that take nothing but a reason: `begin`, `pause`, `resume`, `promote`, `cancel`, `ack`. */
export const defineCommands: Define = (rollout, bind) => {
  for (const plain of PLAIN) {
    rollout
      .command(plain.name)
      .summary(plain.summary)
      .description(plain.description)
      .argument("<rollout>", WHICH)
      .option("--reason <text>", "why, for the log and the audit")
      .action(
        bind<readonly [name: string], ReasonOptions>(async (run, [name], { reason }) => {
          const api = await run.api();
          const { id } = await findRollout(run, api, name);
          printOutcome(run, await command(api, id, plain.command, reason === undefined ? {} : { reason }));
        }),
      );
  }
};

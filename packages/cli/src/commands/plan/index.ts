import type { Define } from "../group.ts";
import { defineBacktest } from "./backtest.ts";
import { defineSchema } from "./schema.ts";
import { defineSimulate } from "./simulate.ts";
import { defineValidate } from "./validate.ts";

/** `rampart plan …`: all of it works without a server. */
export const define: Define = (command, bind) => {
  command.description("Check a plan, play it against a scenario or the past, print its schema. Needs no server.");
  defineValidate(command.command("validate"), bind);
  defineSimulate(command.command("simulate"), bind);
  defineBacktest(command.command("backtest"), bind);
  defineSchema(command.command("schema"), bind);
};

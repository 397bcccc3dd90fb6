import { describeSettings, runServer } from "@rampart/server";
import type { Define } from "./group.ts";
import { runWithSettings } from "./program-settings.ts";

const FIRST_START = `
The first start on a fresh data folder makes an admin token and an SDK key of each kind, prints them once, and keeps
them in first-tokens.json in that folder. Then: rampart login --token TOKEN
`;

/** `rampart server` */
export const define: Define = (command, bind) => {
  command
    .description("Run a server until a signal ends it. Each setting can be given by its variable instead.")
    .addHelpText("after", FIRST_START);
  runWithSettings([command, bind], describeSettings(), runServer);
};

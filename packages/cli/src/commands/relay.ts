import { describeRelaySettings, runRelay } from "@rampart/server";
import type { Define } from "./group.ts";
import { runWithSettings } from "./program-settings.ts";

const BEFORE = `
It keeps nothing: its store is the server above. Make its key there first, one for each environment:
  rampart tokens create edge-1 --kind relay --environment production
`;

/** `rampart relay` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Serve SDKs what another server, or another relay, tells. Each setting can be given by its variable instead.",
    )
    .addHelpText("after", BEFORE);
  runWithSettings([command, bind], describeRelaySettings(), runRelay);
};

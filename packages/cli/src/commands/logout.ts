import { removeLogin } from "../config/stored.ts";
import type { Define } from "./group.ts";

/** `rampart logout` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Forget the server and the token that login remembered. The token itself stays good: tokens revoke ends it.",
    )
    .action(
      bind(async (run) => {
        const path = await removeLogin(run.io);
        run.note(path === undefined ? "nothing was remembered" : `removed ${path}`);
      }),
    );
};

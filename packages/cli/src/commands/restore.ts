import { restoreFolder } from "@rampart/server";
import { orStoreError } from "./backup.ts";
import { dataDirOption, type DataDirOptions } from "./data-dir.ts";
import type { Define } from "./group.ts";

/** `rampart restore FILE` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Put a backup in the place of a data folder's database. Stop the server first. The database that was there is kept as rampart.db.damaged, and every environment gets a new epoch, so that clients that have seen newer revisions take over what the backup holds.",
    )
    .argument("<file>", "a file that rampart backup made")
    .addOption(dataDirOption())
    .action(
      bind<readonly [string], DataDirOptions>((run, [file], { dataDir }) =>
        orStoreError(run, async () => {
          const environments = await restoreFolder(dataDir, file);
          run.print({ environments }, () =>
            environments.map(({ key, epoch, revision }) => `${key}  revision ${revision}  epoch ${epoch}\n`).join(""),
          );
        }),
      ),
    );
};

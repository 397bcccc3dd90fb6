import { newEpochOf, restoreFolder } from "@rampart/server";
import { usageError } from "../errors.ts";
import { orStoreError } from "./backup.ts";
import { databaseOption, dataDirOption, type DatabaseOptions, type DataDirOptions } from "./data-dir.ts";
import type { Define } from "./group.ts";

interface Options extends DataDirOptions, DatabaseOptions {
  readonly newEpoch?: true;
}

/** `rampart restore FILE`, and `rampart restore --new-epoch` for a PostgreSQL that was restored by its own means. */
export const define: Define = (command, bind) => {
  command
    .description(
      "Put a backup in the place of a data folder's database. Stop the server first. The database that was there is kept as rampart.db.damaged, the key of its notification channels is taken from beside the backup, and every environment gets a new epoch, so that clients that have seen newer revisions take over what the backup holds.",
    )
    .argument("[file]", "a file that rampart backup made")
    .option(
      "--new-epoch",
      "only begin a new epoch: after PostgreSQL was restored, or after a failover that lost commits. Servers may be running",
    )
    .addOption(dataDirOption())
    .addOption(databaseOption())
    .action(
      bind<readonly [string | undefined], Options>((run, [file], { dataDir, databaseUrl = "", newEpoch }) => {
        const restored = whatFor(file, databaseUrl, newEpoch === true);
        return orStoreError(run, async () => {
          const { environments, keyFrom } =
            restored.kind === "folder"
              ? await restoreFolder(dataDir, restored.file)
              : { environments: await newEpochOf(restored.url), keyFrom: undefined };
          run.print({ environments, ...(keyFrom !== undefined && { channelsKey: keyFrom }) }, () =>
            environments.map(({ key, epoch, revision }) => `${key}  revision ${revision}  epoch ${epoch}\n`).join(""),
          );
          if (keyFrom !== undefined) run.note(`the key of its notification channels was taken from ${keyFrom}`);
        });
      }),
    );
};

type Restored =
  | { readonly kind: "folder"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string };

function whatFor(file: string | undefined, url: string, isNewEpoch: boolean): Restored {
  if (isNewEpoch && file === undefined) {
    if (url !== "") return { kind: "postgres", url };
    throw usageError(
      "--new-epoch is for PostgreSQL, and no database was given",
      "set RAMPART_DATABASE_URL to the servers' database; a data folder gets its new epoch from rampart restore FILE",
    );
  }
  if (file !== undefined && !isNewEpoch && url === "") return { kind: "folder", file };
  throw usageError(
    url === "" ? "what should be restored?" : "everything is in PostgreSQL, which restores its own backups",
    url === ""
      ? "rampart restore FILE, with a file that rampart backup made"
      : 'pg_restore --clean --if-exists --single-transaction --dbname="$RAMPART_DATABASE_URL" FILE, then rampart restore --new-epoch',
  );
}

import { StoreError, backUpFolder } from "@rampart/server";
import { usageError } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Run } from "../run.ts";
import { databaseOption, dataDirOption, type DatabaseOptions, type DataDirOptions } from "./data-dir.ts";
import type { Define } from "./group.ts";

/** `rampart backup FILE` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Copy the database of a data folder to a new file: everything as it was at one moment. The server may be running. The key that channels of the API are sealed with is copied to a file beside it. PostgreSQL has its own: pg_dump.",
    )
    .argument("<file>", "where the backup goes; it must not exist yet")
    .addOption(dataDirOption())
    .addOption(databaseOption())
    .action(
      bind<readonly [string], DataDirOptions & DatabaseOptions>((run, [file], { dataDir, databaseUrl = "" }) => {
        if (databaseUrl !== "") throw inPostgres();
        return orStoreError(run, async () => {
          const key = await backUpFolder(dataDir, file);
          run.print({ backup: file, ...(key !== undefined && { channelsKey: key }) }, () => `${file}\n`);
          if (key !== undefined)
            run.note(
              `${key} opens the notification channels in it: keep it apart from the backup, and put it beside it again to restore`,
            );
        });
      }),
    );
};

/** A store's own failures are told in a line, as the server tells them. */
export async function orStoreError(run: Run, work: () => Promise<void>): Promise<ExitCode> {
  try {
    await work();
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    run.note(`rampart: ${error.message}. ${error.hint}`);
    return EXIT.failure;
  }
}

const inPostgres = () =>
  usageError(
    "everything is in PostgreSQL, which makes its own backups",
    'back up:   pg_dump --format=custom --schema=rampart --file=FILE "$RAMPART_DATABASE_URL"',
    'put back:  pg_restore --clean --if-exists --single-transaction --dbname="$RAMPART_DATABASE_URL" FILE',
    "then:      rampart restore --new-epoch",
  );

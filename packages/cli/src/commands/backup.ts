import { StoreError, backUpFolder } from "@rampart/server";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Run } from "../run.ts";
import { dataDirOption, type DataDirOptions } from "./data-dir.ts";
import type { Define } from "./group.ts";

/** `rampart backup FILE` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Copy the database of a data folder to a new file: everything as it was at one moment. The server may be running.",
    )
    .argument("<file>", "where the backup goes; it must not exist yet")
    .addOption(dataDirOption())
    .action(
      bind<readonly [string], DataDirOptions>((run, [file], { dataDir }) =>
        orStoreError(run, async () => {
          await backUpFolder(dataDir, file);
          run.print({ backup: file }, () => `${file}\n`);
        }),
      ),
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

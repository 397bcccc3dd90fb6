import type { Logger } from "../ports/logger.ts";
import { openDataFolder, type DataFolder } from "../store/sqlite/data-folder.ts";
import type { ServerConfig } from "./config.ts";
import type { Platform } from "./platform.ts";
import type { OpenedStorage } from "./opened-storage.ts";

/**
 * Opens what the configuration names: PostgreSQL, or the data folder. Rejects with a StoreError or StartError, and leaves nothing open. Only the one that is
 * named is loaded: a server that comes back after a crash has clients that wait.
 */
export async function openStorage(config: ServerConfig, platform: Platform, logger: Logger): Promise<OpenedStorage> {
  const folder = openDataFolder(config.dataDir, process.pid);
  try {
    const { databaseUrl, secret, replicaId, databaseListen: listens } = config;
    if (databaseUrl === undefined || secret === undefined) return await openInFolder(folder, platform);
    const { openInDatabase } = await import("./database-storage.ts");
    return await openInDatabase({ folder, databaseUrl, secret, replicaId, listens }, platform, logger);
  } catch (cause) {
    folder.release();
    throw cause;
  }
}

async function openInFolder(folder: DataFolder, { randomBytes, timers, clock }: Platform): Promise<OpenedStorage> {
  const { openSqliteStore } = await import("../store/sqlite/sqlite-store.ts");
  const opened = openSqliteStore({ folder, random: randomBytes, timers, now: clock.now() });
  const close = async (): Promise<void> => {
    await opened.store.close();
    folder.release();
  };
  return { ...opened, folder: folder.path, close };
}

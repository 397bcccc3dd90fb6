import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDataFolder } from "../store/sqlite/data-folder.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { backUpFolder, restoreFolder } from "./backup.ts";
import { realPlatform } from "./platform.ts";
import { createSealer } from "./sealer.ts";

/** A data folder with a database in it, and a place for backups. */
async function startFolder() {
  const root = mkdtempSync(join(tmpdir(), "rampart-backup-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, "data");
  const folder = openDataFolder(path, process.pid);
  const { store } = openSqliteStore({ folder, random: randomBytes, timers: realPlatform.timers, now: 0 });
  await store.close();
  folder.release();
  return { path, other: join(root, "other"), backup: join(root, "backup.db") };
}

describe("a backup of a data folder", () => {
  it("opens its channels on another machine: their key lies beside it, for its owner only", async () => {
    const { path, other, backup } = await startFolder();
    const sealed = createSealer(path, randomBytes).seal("eng", "s3cr3t");
    const key = await backUpFolder(path, backup);
    expect(key).toBe(`${backup}.channels.key`);
    expect(statSync(key ?? "").mode & 0o777).toBe(0o600);
    expect(readFileSync(backup).includes(readFileSync(key ?? ""))).toBe(false);
    expect(await restoreFolder(other, backup)).toMatchObject({ keyFrom: key });
    expect(createSealer(other, randomBytes).open("eng", sealed)).toBe("s3cr3t");
    expect(statSync(join(other, "channels.key")).mode & 0o777).toBe(0o600);
  });

  it("keeps the key that was there, and leaves it where none is beside the backup", async () => {
    const { path, other, backup } = await startFolder();
    const sealed = createSealer(path, randomBytes).seal("eng", "s3cr3t");
    await backUpFolder(path, backup);
    await restoreFolder(other, backup);
    const key = join(other, "channels.key");
    const another = randomBytes(32);
    writeFileSync(key, another);
    await restoreFolder(other, backup);
    expect(createSealer(other, randomBytes).open("eng", sealed)).toBe("s3cr3t");
    expect(readFileSync(`${key}.damaged`)).toEqual(another);
    rmSync(`${backup}.channels.key`);
    expect(await restoreFolder(other, backup)).toMatchObject({ keyFrom: undefined });
    expect(createSealer(other, randomBytes).open("eng", sealed)).toBe("s3cr3t");
  });

  it("has no key beside it where no channel was sealed, and overwrites none", async () => {
    const { path, backup } = await startFolder();
    expect(await backUpFolder(path, backup)).toBeUndefined();
    expect(existsSync(`${backup}.channels.key`)).toBe(false);
    writeFileSync(`${backup}2.channels.key`, "another's");
    await expect(backUpFolder(path, `${backup}2`)).rejects.toThrow("is there already");
    expect(existsSync(`${backup}2`)).toBe(false);
  });
});

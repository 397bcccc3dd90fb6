import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Store } from "../../ports/store.ts";
import { auditOf, violations } from "../invariants.ts";
import { AT, booleanFlag, config, countingRandom, everywhere, meta } from "../testing/fixtures.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { temporaryFolder, temporaryStore } from "../testing/temporary.ts";
import { backUp, restoreBackup } from "./backup.ts";
import type { DataFolder } from "./data-folder.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const create = (store: Store, key: string) =>
  store.createFlag(booleanFlag(key), everywhere(config(key)), meta("flag.created"));
const keys = async (store: Store) => (await store.flags()).map((one) => one.definition.key);
const reopen = (folder: DataFolder) =>
  openSqliteStore({ folder, random: countingRandom(), timers: manualTimers(), now: 0 }).store;
const restore = (folder: DataFolder, backupPath: string) =>
  restoreBackup({
    folder,
    backupPath,
    random: () => new Uint8Array(8).fill(9),
    timers: manualTimers(),
    meta: meta("store.restored", { at: AT + 9, actor: "system" }),
  });

describe("a backup", () => {
  it("holds what was there, its log included, while the server goes on", async () => {
    const { store, folder } = temporaryStore();
    await create(store, "a");
    const target = join(temporaryFolder(), "backup.db");
    await backUp(folder.databasePath, target);
    await create(store, "b");
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const copy = openSqliteStore({
      folder: { databasePath: target, ballastPath: `${target}.ballast` },
      random: countingRandom(),
      timers: manualTimers(),
      now: 0,
    }).store;
    expect(await keys(copy)).toEqual(["a"]);
    expect(await violations(copy)).toEqual([]);
    await copy.close();
    await store.close();
  });

  it("says why it can't be written where it should be", async () => {
    const { store, folder } = temporaryStore();
    const target = join(temporaryFolder(), "nowhere", "backup.db");
    await expect(backUp(folder.databasePath, target)).rejects.toThrow(
      `the backup ${target} can't be written: there is no such folder`,
    );
    await store.close();
  });

  it("overwrites nothing", async () => {
    const { store, folder } = temporaryStore();
    const target = join(temporaryFolder(), "backup.db");
    writeFileSync(target, "precious");
    await expect(backUp(folder.databasePath, target)).rejects.toThrow(/is there already/);
    expect(readFileSync(target, "utf8")).toBe("precious");
    await store.close();
  });
});

describe("a restore", () => {
  it("brings back what the backup holds, under a new epoch, and keeps the other database", async () => {
    const { store, folder } = temporaryStore();
    await create(store, "a");
    const target = join(temporaryFolder(), "backup.db");
    await backUp(folder.databasePath, target);
    await create(store, "b");
    const epochs = (await store.environments()).map((one) => one.epoch);
    await store.close();

    const restored = await restore(folder, target);
    expect(restored.map((one) => one.revision)).toEqual([1, 1, 1]);
    for (const [index, one] of restored.entries()) expect(one.epoch).not.toBe(epochs[index]);
    const again = reopen(folder);
    expect(await again.environments()).toEqual(restored);
    expect(await keys(again)).toEqual(["a"]);
    expect((await auditOf(again)).at(-1)).toMatchObject({ action: "store.restored", actor: "system", target: "store" });
    expect(await violations(again)).toEqual([]);
    await again.close();
    expect(existsSync(`${folder.databasePath}.damaged`)).toBe(true);
    expect(existsSync(target)).toBe(true);
  });

  it("replaces a database that is beyond use, and its log with it", async () => {
    const { store, folder } = temporaryStore();
    await create(store, "a");
    const target = join(temporaryFolder(), "backup.db");
    await backUp(folder.databasePath, target);
    await store.close();
    writeFileSync(folder.databasePath, "not a database any more ".repeat(100));
    writeFileSync(`${folder.databasePath}-wal`, "nor is this its log");
    await restore(folder, target);
    const again = reopen(folder);
    expect(await keys(again)).toEqual(["a"]);
    await again.close();
    expect(readFileSync(`${folder.databasePath}.damaged`, "utf8")).toContain("not a database any more");
    expect(readFileSync(`${folder.databasePath}.damaged-wal`, "utf8")).toBe("nor is this its log");
  });

  it("touches nothing when the backup is no good, and names it", async () => {
    const { store, folder } = temporaryStore();
    await create(store, "a");
    await store.close();
    const before = readdirSync(folder.path);
    const bad = join(temporaryFolder(), "bad.db");
    writeFileSync(bad, "no database at all ".repeat(100));
    await expect(restore(folder, bad)).rejects.toMatchObject({
      code: "DATABASE_DAMAGED",
      message: expect.stringContaining(bad),
      hint: "Nothing was changed. Choose another backup.",
    });
    writeFileSync(`${bad}.empty`, "");
    await expect(restore(folder, `${bad}.empty`)).rejects.toThrow(/is empty/);
    await expect(restore(folder, `${bad}.missing`)).rejects.toThrow(/there is no database/);
    expect(readdirSync(folder.path)).toEqual(before);
    const again = reopen(folder);
    expect(await keys(again)).toEqual(["a"]);
    await again.close();
  });
});

import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Store } from "../../ports/store.ts";
import { StoreError } from "../../ports/store-error.ts";
import { violations } from "../invariants.ts";
import { booleanFlag, config, countingRandom, everywhere, meta, token } from "../testing/fixtures.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { Ballast, BALLAST_SIZE_BYTES } from "./ballast.ts";
import type { DataFolder } from "./data-folder.ts";
import { openDataFolder } from "./data-folder.ts";
import { openDatabase } from "./open-database.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { Writer } from "./writer.ts";
import { drizzle } from "drizzle-orm/better-sqlite3";

const DISK_SIZE_BYTES = 4 * 1024 * 1024;

/** A disk of 4 MiB, or why there is none. */
function smallDisk(): string | undefined {
  const path = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE_BYTES},mode=700`, "tmpfs", path], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", path]));
  return path;
}

/** Takes all the space that is left. */
function fillUp(path: string): { readonly free: () => void } {
  const filler = join(path, "filler");
  const file = openSync(filler, "w");
  try {
    for (const size of [65_536, 4096, 512, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // Full for this size.
      }
    }
  } finally {
    closeSync(file);
  }
  return { free: () => rmSync(filler) };
}

const open = (folder: DataFolder): Store =>
  openSqliteStore({ folder, random: countingRandom(), timers: manualTimers(), now: 0 }).store;
const describeDisk = (title: string) => `${title} (skipped where no disk can be mounted)`;

const kill = (store: Store) =>
  store.changeConfig(
    "production",
    "a",
    (now) => ({ kind: "write", next: { ...now.config, enabled: !now.config.enabled } }),
    meta("flag.killed", { urgent: true }),
  );
const describeIt = (store: Store, description: string) =>
  store.changeFlag("a", (now) => ({ kind: "write", next: { ...now, description } }), meta("flag.updated"));

/** What the log had in reserve is used up, and a write that isn't urgent is refused. */
async function writeUntilRefused(store: Store): Promise<unknown> {
  for (let index = 0; index < 500; index++) {
    try {
      await describeIt(store, `description ${index} `.padEnd(2000, "."));
    } catch (error) {
      return error;
    }
  }
  return "never refused";
}

describe("a store on a full disk", () => {
  it(
    describeDisk("refuses ordinary writes, serves reads, lets kills through, and recovers"),
    { timeout: 60_000 },
    async (context) => {
      const path = smallDisk();
      if (path === undefined) return context.skip("no disk could be mounted");
      const folder = openDataFolder(path, process.pid);
      const store = open(folder);
      await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
      await store.createToken(token("t1"), meta("token.created"));
      const filler = fillUp(path);

      const refused = await writeUntilRefused(store);
      expect(refused).toBeInstanceOf(StoreError);
      expect(refused).toMatchObject({ code: "DISK_FULL", hint: expect.stringContaining("Make room") });
      expect(await store.content("production")).toMatchObject({ flags: [{ key: "a", enabled: true }] });

      for (let index = 0; index < 21; index++) expect(await kill(store)).toMatchObject({ kind: "written" });
      expect(existsSync(folder.ballastPath)).toBe(false);
      await expect(describeIt(store, "still no space")).rejects.toMatchObject({ code: "DISK_FULL" });
      await expect(store.touchToken("t1", 1e13)).resolves.toBeUndefined();
      expect(await store.config("production", "a")).toMatchObject({ config: { enabled: false } });
      expect(await violations(store)).toEqual([]);

      filler.free();
      await describeIt(store, "space again");
      expect(existsSync(folder.ballastPath)).toBe(true);
      expect(await violations(store)).toEqual([]);
      await store.close();
      folder.release();
    },
  );

  it(describeDisk("opens again there, and has the kill"), { timeout: 60_000 }, async (context) => {
    const path = smallDisk();
    if (path === undefined) return context.skip("no disk could be mounted");
    const folder = openDataFolder(path, process.pid);
    const first = open(folder);
    await first.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    await first.close();
    folder.release();
    fillUp(path);

    const again = openDataFolder(path, process.pid);
    const second = open(again);
    expect(await kill(second)).toMatchObject({ kind: "written" });
    await second.close();
    const third = open(again);
    expect(await third.config("production", "a")).toMatchObject({ config: { enabled: false } });
    expect(await violations(third)).toEqual([]);
    await third.close();
    again.release();
  });
});

describe("a writer that finds no space", () => {
  /** As SQLite says it, while the ballast lies there. */
  class Full extends Error {
    readonly code = "SQLITE_FULL";
  }

  function writer(path: string): { readonly writer: Writer; readonly ballast: Ballast } {
    const db = openDatabase(join(path, "rampart.db"));
    onTestFinished(() => void db.close());
    const ballast = new Ballast(join(path, "ballast"), countingRandom());
    return { writer: new Writer({ db, orm: drizzle({ client: db }) }, ballast, manualTimers()), ballast };
  }

  it("gives the ballast for an urgent write, once, and for no other", async () => {
    const path = temporaryFolder();
    const { writer: one, ballast } = writer(path);
    expect(ballast.hold()).toBe(true);
    const write = () => {
      if (existsSync(join(path, "ballast"))) throw new Full("database or disk is full");
      return "written";
    };
    await expect(one.write(false, write)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(existsSync(join(path, "ballast"))).toBe(true);
    await expect(one.write(true, write)).resolves.toBe("written");
    expect(existsSync(join(path, "ballast"))).toBe(false);
  });

  it("says so when the ballast was not enough", async () => {
    const path = temporaryFolder();
    const { writer: one } = writer(path);
    const write = () => {
      throw new Full("database or disk is full");
    };
    await expect(one.write(true, write)).rejects.toMatchObject({ code: "DISK_FULL" });
  });

  it("keeps the space back before the first ordinary write", async () => {
    const path = temporaryFolder();
    const { writer: one } = writer(path);
    await one.write(true, () => {});
    expect(existsSync(join(path, "ballast"))).toBe(false);
    await one.write(false, () => {});
    expect(existsSync(join(path, "ballast"))).toBe(true);
    expect(BALLAST_SIZE_BYTES).toBeLessThan(DISK_SIZE_BYTES);
  });
});

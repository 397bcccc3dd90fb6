import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../ports/store-error.ts";
import { booleanFlag, config, countingRandom, everywhere, meta, token } from "../testing/fixtures.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { temporaryFolder, temporaryStore } from "../testing/temporary.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import * as schema from "./schema.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const TABLES = [
  schema.environments,
  schema.flags,
  schema.configs,
  schema.segments,
  schema.segmentRevisions,
  schema.tombstones,
  schema.changes,
  schema.audit,
  schema.tokens,
  schema.plans,
  schema.rollouts,
  schema.rolloutEvents,
  schema.rolloutRecords,
  schema.rolloutEvidence,
  schema.outbox,
  schema.channels,
  schema.checkpoints,
  schema.evaluations,
];

function failure(act: () => unknown): StoreError {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("it should have been refused");
}

/** A closed database with something in it. */
async function writtenDatabase(): Promise<string> {
  const { store, folder } = temporaryStore();
  for (let index = 0; index < 20; index++)
    await store.createFlag(booleanFlag(`flag-${index}`), everywhere(config(`flag-${index}`)), meta("flag.created"));
  await store.close();
  return folder.databasePath;
}

describe("a database", () => {
  it("is written durably, for its owner only", () => {
    const path = join(temporaryFolder(), "rampart.db");
    const db = openDatabase(path);
    expect(db.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(db.pragma("synchronous", { simple: true })).toBe(2);
    expect(db.pragma("foreign_keys", { simple: true })).toBe(1);
    expect(Number(db.pragma("busy_timeout", { simple: true }))).toBeLessThanOrEqual(100);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    db.close();
  });

  it("has the tables that the queries are written for", () => {
    const db = openDatabase(join(temporaryFolder(), "rampart.db"));
    for (const table of TABLES.map((one) => getTableConfig(one))) {
      const rows = db.pragma(`table_info(${table.name})`) as readonly { name: string; type: string; notnull: number }[];
      const stored = rows.map((row) => ({ name: row.name, type: row.type, notNull: row.notnull === 1 }));
      expect(stored, table.name).toEqual(
        table.columns.map((column) => ({
          name: column.name,
          type: column.getSQLType().toUpperCase(),
          notNull: column.notNull || column.primary,
        })),
      );
    }
    const made = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
    expect(made).toEqual(TABLES.map((one) => getTableConfig(one).name).toSorted());
    db.close();
  });

  it("is refused when a newer version wrote it, and both versions are named", async () => {
    const path = await writtenDatabase();
    const newer = new BetterSqlite3(path);
    newer.pragma(`user_version = ${MIGRATIONS.length + 3}`);
    newer.close();
    const refused = failure(() => openDatabase(path));
    expect(refused.code).toBe("DATABASE_NEWER");
    expect(refused.message).toBe(
      `${path} has schema version ${MIGRATIONS.length + 3}; this version of Rampart knows up to ${MIGRATIONS.length}`,
    );
    expect(refused.hint).toMatch(/newer version.*backup/);
  });

  it("is refused and left alone when it belongs to another program", () => {
    const path = join(temporaryFolder(), "rampart.db");
    const other = new BetterSqlite3(path);
    other.exec("CREATE TABLE photos (id INTEGER)");
    other.close();
    expect(failure(() => openDatabase(path))).toMatchObject({
      code: "DATABASE_DAMAGED",
      message: `${path} is an SQLite database of another program`,
    });
    const again = new BetterSqlite3(path);
    expect(again.prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["photos"]);
    again.close();
  });

  it("is refused when it is no database at all, with the way to restore it", () => {
    const path = join(temporaryFolder(), "rampart.db");
    writeFileSync(path, "These are somebody's notes, longer than the header of a database. ".repeat(20));
    const refused = failure(() => openDatabase(path));
    expect(refused.code).toBe("DATABASE_DAMAGED");
    expect(refused.message).toContain(path);
    expect(refused.hint).toContain("rampart restore");
    expect(readFileSync(path, "utf8")).toContain("somebody's notes");
  });

  it("is refused when a page is damaged", async () => {
    const path = await writtenDatabase();
    const bytes = readFileSync(path);
    // The second page is the root of a table; its header says what kind of page it is.
    const pageSize = bytes.readUInt16BE(16);
    bytes.fill(0xa5, pageSize, pageSize + 64);
    writeFileSync(path, bytes);
    const refused = failure(() => openDatabase(path));
    expect(refused.code).toBe("DATABASE_DAMAGED");
    expect(refused.hint).toContain("rampart restore");
  });

  it("is refused when its end was cut off", async () => {
    const path = await writtenDatabase();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length / 2)));
    expect(failure(() => openDatabase(path)).code).toBe("DATABASE_DAMAGED");
  });
});

describe("a store", () => {
  it("keeps everything over a restart, its epochs too", async () => {
    const { store, folder } = temporaryStore();
    await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    const content = await store.content("production");
    await store.close();
    const again = openSqliteStore({ folder, random: countingRandom(), timers: manualTimers(), now: 0 }).store;
    expect(await again.content("production")).toEqual(content);
    await again.close();
  });

  it("is fresh until the first token was made, however often it was opened", async () => {
    const { store, folder } = temporaryStore();
    await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    await store.close();
    const open = () => openSqliteStore({ folder, random: countingRandom(), timers: manualTimers(), now: 0 });
    const second = open();
    expect(second.isFresh).toBe(true);
    await second.store.createToken(token("t1"), meta("token.created"));
    await second.store.revokeToken("t1", meta("token.revoked"));
    await second.store.close();
    const third = open();
    expect(third.isFresh).toBe(false);
    await third.store.close();
  });
});

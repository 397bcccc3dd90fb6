import type { Database } from "better-sqlite3";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigRecord, Store } from "../../ports/store.ts";
import { booleanFlag, config, everywhere, meta } from "../testing/fixtures.ts";
import type { ManualTimers } from "../testing/manual-timers.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { temporaryStore } from "../testing/temporary.ts";

describe("a write while another program holds the database", () => {
  let store: Store;
  let timers: ManualTimers;
  let intruder: Database;
  let order: string[];
  beforeEach(async () => {
    timers = manualTimers();
    const opened = temporaryStore(timers);
    store = opened.store;
    await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    intruder = new BetterSqlite3(opened.folder.databasePath);
    intruder.exec("BEGIN IMMEDIATE");
    order = [];
  });
  afterEach(async () => {
    intruder.close();
    await store.close();
  });

  const write = (name: string, urgent = false) => {
    const target = (current: ConfigRecord) =>
      ({ kind: "write", next: { ...current.config, targets: { ...current.config.targets, [name]: "on" } } }) as const;
    return store.changeConfig("production", "a", target, meta("config.changed", { urgent })).then(
      () => void order.push(name),
      (error: Error) => void order.push(`${name}: ${"code" in error ? error.code : error.message}`),
    );
  };

  it("waits without holding up reads, and is done when the database is free", async () => {
    const done = write("first");
    await timers.advance(200);
    expect(order).toEqual([]);
    expect(await store.config("production", "a")).toMatchObject({ revision: 1 });
    intruder.exec("ROLLBACK");
    await timers.advance(20);
    await done;
    expect(order).toEqual(["first"]);
    expect(await store.config("production", "a")).toMatchObject({ revision: 2, config: { targets: { first: "on" } } });
  });

  it("lets urgent writes go first, and keeps the order otherwise", async () => {
    const all = [write("first"), write("second"), write("kill", true), write("third"), write("second kill", true)];
    await timers.advance(50);
    intruder.exec("ROLLBACK");
    await timers.advance(20);
    await Promise.all(all);
    expect(order).toEqual(["kill", "second kill", "first", "second", "third"]);
  });

  it("is given up after about two seconds, nothing written; an urgent one goes on waiting", async () => {
    const ordinary = write("ordinary");
    const kill = write("kill", true);
    await timers.advance(3000);
    await ordinary;
    expect(order).toEqual(["ordinary: STORE_BUSY"]);
    intruder.exec("ROLLBACK");
    await timers.advance(20);
    await kill;
    expect(Object.keys((await store.config("production", "a"))?.config.targets ?? {})).toEqual(["kill"]);
  });

  it("is refused at once when a thousand are waiting, but an urgent one is not", async () => {
    const waiting = Array.from({ length: 1000 }, (_, index) => write(`w${index}`));
    await write("one more");
    expect(order).toEqual(["one more: STORE_BUSY"]);
    const kill = write("kill", true);
    intruder.exec("ROLLBACK");
    await timers.advance(20);
    await kill;
    expect(order[1]).toBe("kill");
    await Promise.all(waiting);
    expect(order).toHaveLength(1002);
  });
});

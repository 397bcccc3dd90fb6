import { sql } from "drizzle-orm";
import type { FlagConfig } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreError } from "../../ports/store-error.ts";
import type { ConfigRecord, Decision, Store } from "../../ports/store.ts";
import { violations } from "../invariants.ts";
import { booleanFlag, config, everywhere, meta, token } from "../testing/fixtures.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";
import { Tables } from "./tables.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const add =
  (id: string) =>
  (current: ConfigRecord): Decision<FlagConfig, never> => ({
    kind: "write",
    next: { ...current.config, targets: { ...current.config.targets, [id]: "on" } },
  });
const target = (store: Store, id: string) =>
  store.changeConfig("production", "a", add(id), meta("config.changed", { urgent: id.endsWith("0") }));
const createFlag = (store: Store) => store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
const targets = async (store: Store) => Object.keys((await store.config("production", "a"))?.config.targets ?? {});

describe("servers on one database", () => {
  it("open it at the same time, and one of them makes it", async () => {
    const url = await cluster.createDatabase();
    const opened = await Promise.all([openTestStore(url), openTestStore(url), openTestStore(url)]);
    const seen = await Promise.all(opened.map(({ store }) => store.environments()));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(await Promise.all(opened.map(({ isFresh }) => isFresh()))).toEqual([true, true, true]);
    await opened[0].store.createToken(token("t1"), meta("token.created"));
    expect(await opened[1].isFresh()).toBe(false);
  });

  it("lose no change and leave no gap when all of them write at once", async () => {
    const url = await cluster.createDatabase();
    const stores = (await Promise.all([openTestStore(url), openTestStore(url)])).map(({ store }) => store);
    const [first, second] = stores as [Store, Store];
    await createFlag(first);
    const ids = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    const others = ids.map((id, index) =>
      index % 3 === 0 ? [second.createToken(token(id, { hash: id }), meta("token.created"))] : [],
    );
    await Promise.all([...ids.map((id, index) => target(index % 2 === 0 ? first : second, id)), ...others.flat()]);
    expect((await targets(second)).toSorted()).toEqual(ids.toSorted());
    expect(await violations(first)).toEqual([]);
  });

  it("are held up for two seconds at most by one that stands still in the middle of a write", async () => {
    const url = await cluster.createDatabase();
    const [frozen, other] = await Promise.all([openTestStore(url), openTestStore(url)]);
    await createFlag(other.store);
    let thaw = (): void => undefined;
    const standing = new Promise<void>((resolve) => (thaw = resolve));
    let isIn = (): void => undefined;
    const inside = new Promise<void>((resolve) => (isIn = resolve));
    const stuck = frozen.pool.write(async (tx) => {
      await new Tables(tx).environments.advance("production", { kind: "flag", key: "a" }, meta("flag.ramped"));
      isIn();
      await standing;
      await new Tables(tx).environments.all();
    });
    const outcome = stuck.then(
      () => "written",
      (error: unknown) => (error as StoreError).code,
    );
    await inside;
    const begunMs = performance.now();
    await target(other.store, "user-10");
    expect(performance.now() - begunMs).toBeLessThan(4_000);
    thaw();
    expect(await outcome).toBe("STORE_UNREACHABLE");
    expect(await violations(other.store)).toEqual([]);
    expect((await target(frozen.store, "user-20")).kind).toBe("written");
  });

  it("survive the end of every connection in the middle of writes: each is stored whole or refused", async () => {
    const url = await cluster.createDatabase();
    const [server, other] = await Promise.all([openTestStore(url), openTestStore(url)]);
    await createFlag(server.store);
    const ids = Array.from({ length: 80 }, (_, index) => `user-${index}`);
    const writes = ids.map((id) =>
      target(server.store, id).then(
        () => ({ id, code: undefined }),
        (error: unknown) => ({ id, code: (error as StoreError).code }),
      ),
    );
    await writes[5];
    for (let round = 0; round < 3; round += 1) {
      await other.pool.run((session) =>
        session.execute(
          sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
        ),
      );
      await writes[20 + round * 20];
    }
    const ended = await Promise.all(writes);
    const lost = ended.filter(({ code }) => code !== undefined);
    expect(new Set(lost.map(({ code }) => code))).toEqual(new Set(["STORE_UNREACHABLE"]));
    const there = await targets(server.store);
    for (const { id, code } of ended) if (code === undefined) expect(there).toContain(id);
    expect(await violations(server.store)).toEqual([]);
  });
});

describe("a database that can't be used", () => {
  it("is left as it is when a newer version wrote it, with what to do", async () => {
    const url = await cluster.createDatabase();
    const { pool } = await openTestStore(url);
    await pool.run((session) => session.execute(sql`UPDATE rampart.schema_version SET version = 99`));
    await expect(openTestStore(url)).rejects.toMatchObject({
      code: "DATABASE_NEWER",
      message: expect.stringContaining("schema version 99") as string,
      hint: expect.stringContaining("rampart restore --new-epoch") as string,
    });
  });

  it("is seen to have another schema by a server that runs on it: a newer one, or none any more", async () => {
    const { pool, store } = await openTestStore(await cluster.createDatabase());
    const { known } = await store.schema();
    await pool.run((session) => session.execute(sql`UPDATE rampart.schema_version SET version = 99`));
    expect(await store.schema()).toEqual({ found: 99, known });
    await pool.run((session) => session.execute(sql`DROP SCHEMA rampart CASCADE`));
    expect(await store.schema()).toEqual({ found: 0, known });
  });

  it.each([
    ["a wrong password", (url: string) => url.replace("secret", "s3cr3t"), "password authentication failed"],
    ["no such database", (url: string) => `${url}_missing`, "does not exist"],
    ["nobody there", (url: string) => url.replace(/:\d+\//, ":1/"), "ECONNREFUSED"],
  ])("is named with what is wrong, and not with its password: %s", async (_, change, why) => {
    const url = change(await cluster.createDatabase());
    const error = await openTestStore(url).catch((cause: unknown) => cause as StoreError);
    expect(error).toBeInstanceOf(StoreError);
    const { message, code } = error as StoreError;
    expect(code).toBe("STORE_UNREACHABLE");
    expect(message).toContain(why);
    expect(message).not.toMatch(/s[3e]cr[3e]t/);
  });
});

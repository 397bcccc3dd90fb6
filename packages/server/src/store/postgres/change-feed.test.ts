import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import { booleanFlag, config, everywhere, meta } from "../testing/fixtures.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";
import { ChangeFeed } from "./change-feed.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function listener({ swallowed = false } = {}) {
  const url = await cluster.createDatabase();
  const { pool, store } = await openTestStore(url);
  const timers = manualTimers();
  const warnings: string[] = [];
  const heard: (string | undefined)[] = [];
  const feed = new ChangeFeed({
    url,
    // Nothing is sent: as if nothing were delivered.
    pool: swallowed ? Object.assign(Object.create(pool) as typeof pool, { run: async () => undefined }) : pool,
    instance: "this-server",
    timers,
    logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) },
  });
  onTestFinished(() => feed.stop());
  feed.start((changed) => void heard.push(changed));
  await expect.poll(() => heard).toContain(undefined);
  return { store, timers, warnings, heard };
}

describe("what a server hears of the others", () => {
  it("is each environment that has a new revision, once a transaction, when it is committed", async () => {
    const { store, heard, timers, warnings } = await listener();
    await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    await expect.poll(() => heard).toEqual([undefined, "development", "staging", "production"]);
    const keep = () => ({ kind: "keep" }) as const;
    await store.changeConfig("production", "a", keep, meta("flag.killed"));
    await store.changeConfig(
      "production",
      "a",
      (current) => ({ kind: "write", next: { ...current.config, enabled: false } }),
      meta("flag.killed"),
    );
    await expect.poll(() => heard.length).toBe(5);
    expect(heard.at(-1)).toBe("production");
    await timers.advance(2_000);
    expect(warnings).toEqual([]);
  });

  it("is checked with a message to itself: where none comes through the log says so", async () => {
    const { timers, warnings } = await listener({ swallowed: true });
    await timers.advance(2_000);
    expect(warnings).toEqual([expect.stringContaining("no notification comes through")]);
  });
});

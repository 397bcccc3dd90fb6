import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEntry, FlagView, RampView } from "@rampart/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kill as killed, restore as restored } from "../domain/ramp.ts";
import { silentLogger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { ToldKill } from "../ports/emergency.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import { EMERGENCY_FILE_SIZE_BYTES, EmergencyFile } from "../store/emergency-file.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { booleanFlag, config, everywhere, meta } from "../store/testing/fixtures.ts";
import { Feed } from "../stream/feed.ts";
import { manualPlatform, type ManualPlatform } from "../testing/manual-platform.ts";
import { startRolloutServer } from "../testing/rollout-server.ts";
import { openStream } from "../testing/sse-client.ts";
import { startTestServer } from "../testing/test-server.ts";
import { CLOCKS_APART_MS, Emergencies, LATE_MS } from "./emergencies.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;

/** A store whose writes fail, or never end, while it is so. */
function sick(): { readonly wrap: (store: Store) => Store; is: "well" | "dead" | "stuck" } {
  const state: ReturnType<typeof sick> = {
    is: "well",
    wrap: (store) => ({
      ...bound(store),
      changeConfig: (...args) => {
        if (state.is === "dead") return Promise.reject(new Error("disk I/O error"));
        return state.is === "stuck"
          ? until(() => state.is !== "stuck").then(() => store.changeConfig(...args))
          : store.changeConfig(...args);
      },
    }),
  };
  return state;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Methods that go on without their class. */
function bound(store: Store): Store {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(store)) as (keyof Store)[];
  return Object.fromEntries(names.map((name) => [name, store[name].bind(store)])) as unknown as Store;
}

async function rampedServer(platform: ManualPlatform) {
  const store = sick();
  const server = await startTestServer({ platform, wrap: store.wrap });
  await server.call("POST /api/v1/flags", { body: { key: FLAG } });
  await server.call(`POST ${PATH}/rollout`, { body: { percentage: 100 } });
  const headers = { authorization: `Bearer ${server.sdkKey}` };
  const stream = openStream(server.port, "/sdk/v1/stream", headers);
  await stream.nextOf("snapshot");
  const poll = () => server.call("GET /sdk/v1/flags", { token: server.sdkKey });
  return { server, store, stream, headers, poll };
}

describe("a kill that can't be stored", () => {
  it("reaches streams, polls and newcomers, says what is durable, and is stored when that is possible again", async () => {
    const platform = manualPlatform();
    const { server, store, stream, headers, poll } = await rampedServer(platform);
    const before = await poll();
    store.is = "dead";
    const { status, body } = await server.call<RampView>(`POST ${PATH}/kill`, { body: { reason: "it hurts" } });
    expect(status).toBe(202);
    expect(body).toMatchObject({ enabled: false, revision: 2, unstored: { keptIn: "file" } });
    expect((await stream.nextOf("emergency")).data).toMatchObject({ revision: 2, off: [FLAG] });
    const after = await poll();
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    expect(after.body).toMatchObject({ revision: 2, off: [FLAG], flags: [{ key: FLAG, enabled: false }] });
    const late = openStream(
      server.port,
      `/sdk/v1/stream?basis=${before.headers.get("etag")?.replaceAll('"', "")}`,
      headers,
    );
    expect((await late.nextOf("emergency")).data).toMatchObject({ off: [FLAG] });
    expect((await server.call(`POST ${PATH}/kill`)).status).toBe(202);

    store.is = "well";
    await platform.advance(2_000);
    expect((await stream.nextOf("delta")).data).toMatchObject({ from: 2, revision: 3, urgent: true });
    expect((await server.call<FlagView>(`GET ${PATH}`)).body).toMatchObject({ enabled: false });
    const { items } = (
      await server.call<{ readonly items: readonly AuditEntry[] }>("GET /api/v1/audit?action=flag.killed")
    ).body;
    expect(items).toMatchObject([{ action: "flag.killed", reason: "it hurts", environment: "production" }]);
    expect((await poll()).body).not.toHaveProperty("off");
    expect((await server.call(`POST ${PATH}/kill`)).status).toBe(200);
  });

  it("reaches browsers, which hear of answers and not of rules", async () => {
    const { server, store } = await rampedServer(manualPlatform());
    await server.call(`PATCH ${PATH}`, { body: { clientVisible: true } });
    const token = server.firstTokens?.client ?? "";
    const ann = { context: { targetingKey: "ann" } };
    const headers = { authorization: `Bearer ${token}` };
    const browser = openStream(server.port, "/client/v1/stream", headers, "1.1", ann);
    expect((await browser.nextOf("values")).data).toMatchObject({ flags: { [FLAG]: { value: true } } });
    store.is = "dead";
    expect((await server.call(`POST ${PATH}/kill`)).status).toBe(202);
    expect((await browser.nextOf("changed")).data).toMatchObject({ flags: { [FLAG]: { value: false } } });
    const { body } = await server.call("POST /client/v1/evaluate", { token, body: ann });
    expect(body).toMatchObject({ flags: { [FLAG]: { value: false } } });
  });

  it("is told after a second when the store does not say anything", async () => {
    const platform = manualPlatform();
    const { server, store, stream } = await rampedServer(platform);
    store.is = "stuck";
    const answer = server.call(`POST ${PATH}/kill`);
    const seen = { status: 0 };
    void answer.then((reply) => (seen.status = reply.status));
    const isWaiting = (): boolean => seen.status === 0;
    for (let waitedMs = 0; isWaiting() && waitedMs <= 100 * LATE_MS; waitedMs += 100) await platform.advance(100);
    expect(seen.status).toBe(202);
    expect((await stream.nextOf("emergency")).data).toMatchObject({ off: [FLAG] });
    store.is = "well";
  });

  it("of a flag that nobody knows is the store's failure", async () => {
    const { server, store } = await rampedServer(manualPlatform());
    store.is = "dead";
    expect((await server.call("POST /api/v1/environments/production/flags/nope/kill")).status).toBe(500);
  });
});

describe("a person's rollback that can't be stored", () => {
  it.each(["dead", "stuck"] as const)(
    "is answered like a kill while the store is %s: clients have it, and the rollout follows when it is back",
    async (sickness) => {
      const state: { is: "well" | "dead" | "stuck" } = { is: "well" };
      const server = await startRolloutServer({
        wrapRollouts: (rollouts) =>
          Object.assign(rollouts, { commitRollout: sometimes(state, rollouts.commitRollout.bind(rollouts)) }),
      });
      const id = await server.begin();
      await server.until(id, "running");
      const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${server.sdkKey}` });
      await stream.nextOf("snapshot");
      state.is = sickness;
      const answering = server.command(id, "rollback", { reason: "it hurts" });
      const seen = { status: 0 };
      void answering.then(({ status }) => (seen.status = status));
      const isWaiting = (): boolean => seen.status === 0;
      for (let waitedMs = 0; isWaiting() && waitedMs <= 100 * LATE_MS; waitedMs += 100)
        await server.platform.advance(100);
      const { status, body } = await answering;
      expect([status, body]).toMatchObject([202, { feature: FLAG, enabled: false, unstored: { keptIn: "file" } }]);
      expect((await stream.nextOf("emergency")).data).toMatchObject({ off: [FLAG] });
      state.is = "well";
      await server.until(id, "rolledBack");
      expect(await server.exposure()).toBe(0);
      expect((await server.rollout(id)).cause).toMatchObject({ kind: "command", reason: "it hurts" });
    },
  );
});

type Commit = RolloutStore["commitRollout"];

/** Commits that fail, or never end, while it is so. */
function sometimes(state: { readonly is: "well" | "dead" | "stuck" }, commit: Commit): Commit {
  return async (one) => {
    if (state.is === "dead") throw new Error("disk I/O error");
    await until(() => state.is === "well");
    return commit(one);
  };
}

describe("emergencies", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rampart-emergency-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Processes one after the other, on one store and one file. */
  async function world({ isShared = false } = {}) {
    const store = createMemoryStore({ random: (sizeBytes) => randomBytes(sizeBytes) });
    await store.createFlag(booleanFlag(FLAG), everywhere(config(FLAG)), meta("flag.created"));
    const platform = manualPlatform();
    const dead = { is: false };
    const begin = async () => {
      const parts = { ...platform, logger: silentLogger, meter: silentMeter, regex: () => () => false, isShared };
      const feed = await Feed.open("production", { ...parts, store });
      const emergencies = new Emergencies({
        ...parts,
        feeds: new Map([["production", feed]]),
        store: {
          changeConfig: (...args) =>
            dead.is ? Promise.reject(new Error("disk I/O error")) : store.changeConfig(...args),
        },
        file: new EmergencyFile(join(folder, "emergency")),
        onStored: async () => undefined,
      });
      emergencies.start();
      const kill = (): Promise<ToldKill | undefined> =>
        emergencies.watch(Promise.reject(new Error("disk I/O error")), {
          environment: "production",
          flag: FLAG,
          actor: "token:a",
          action: "flag.killed",
        });
      return { feed, emergencies, kill };
    };
    const stored = async () => (await store.config("production", FLAG))?.config.enabled;
    const touch = (actor: string) =>
      store.changeConfig(
        "production",
        FLAG,
        ({ config: current }) => ({ kind: "write", next: { ...current, fallthrough: { percentage: 50 } } }),
        { actor, action: "flag.ramped", at: platform.clock.now() },
      );
    return { store, platform, dead, begin, stored, touch };
  }

  it("outlive the process, so that clients that start anew have the flag off too", async () => {
    const { dead, begin, stored, platform } = await world();
    dead.is = true;
    const first = await begin();
    expect(await first.kill()).toMatchObject({ keptIn: "file" });
    await first.emergencies.stop();
    const second = await begin();
    expect(second.feed.overruled).toEqual([FLAG]);
    expect(second.feed.ruleset.isEnabled(FLAG, "u", true)).toBe(false);
    dead.is = false;
    await platform.advance(2_000);
    expect(await stored()).toBe(false);
    expect(second.feed.overruled).toEqual([]);
    await second.emergencies.stop();
    expect((await begin()).feed.overruled).toEqual([]);
  });

  it("give way to what a person decided since, and not to a rollout's step", async () => {
    const person = await world();
    const first = await person.begin();
    await first.kill();
    await person.touch("token:b");
    await person.platform.advance(2_000);
    expect(await person.stored()).toBe(true);
    expect(first.feed.overruled).toEqual([]);

    rmSync(join(folder, "emergency"));
    const rollout = await world();
    const second = await rollout.begin();
    await second.kill();
    await rollout.touch("rollout:r1");
    await rollout.platform.advance(2_000);
    expect(await rollout.stored()).toBe(false);
  });

  it("are over as soon as the write comes through after all, so that a rollout that begins then goes on", async () => {
    const { store, platform, begin, stored, touch } = await world();
    const { emergencies, feed } = await begin();
    const by = (actor: string) => ({ actor, action: "flag.changed", at: platform.clock.now() });
    let letGo = (): void => undefined;
    const late = new Promise<void>((resolve) => (letGo = resolve)).then(() =>
      store.changeConfig("production", FLAG, killed, by("token:a")),
    );
    const told = emergencies.watch(late, { ...by("token:a"), environment: "production", flag: FLAG });
    await platform.advance(LATE_MS);
    expect(await told).toMatchObject({ keptIn: "file" });
    letGo();
    await until(() => feed.overruled.length === 0);
    await store.changeConfig("production", FLAG, restored, by("token:b"));
    await touch("rollout:r1");
    await platform.advance(2_000);
    expect(await stored()).toBe(true);
  });

  it("count though somebody changed the flag at another server before, which this one could not see", async () => {
    const { platform, touch, begin, stored } = await world({ isShared: true });
    const first = await begin();
    await touch("token:b");
    await platform.advance(CLOCKS_APART_MS);
    await first.kill();
    await platform.advance(2_000);
    expect(await stored()).toBe(false);
  });

  it("that are asked for again count from then, over a restart too", async () => {
    const { platform, dead, touch, begin, stored } = await world({ isShared: true });
    dead.is = true;
    const first = await begin();
    await first.kill();
    await platform.advance(CLOCKS_APART_MS + 1);
    await touch("token:b");
    expect(await first.kill()).toMatchObject({ at: platform.clock.now(), keptIn: "file" });
    await first.emergencies.stop();
    dead.is = false;
    await begin();
    await platform.advance(2_000);
    expect(await stored()).toBe(false);
  });

  it("give way to who changed the flag at another server later than clocks can part", async () => {
    const { platform, dead, touch, begin, stored } = await world({ isShared: true });
    dead.is = true;
    const first = await begin();
    await first.kill();
    await platform.advance(CLOCKS_APART_MS + 1);
    await touch("token:b");
    dead.is = false;
    await platform.advance(2_000);
    expect(await stored()).toBe(true);
    expect(first.feed.overruled).toEqual([]);
  });

  it("are stored by the next process before a rollout's step, also when one came in between", async () => {
    const { dead, begin, stored, touch } = await world();
    dead.is = true;
    const first = await begin();
    await first.kill();
    await first.emergencies.stop();
    await touch("rollout:r1");
    dead.is = false;
    const second = await begin();
    await second.emergencies.stop();
    expect(await stored()).toBe(false);
  });

  it("of a flag that was restored meanwhile are told anew", async () => {
    const { begin, touch } = await world();
    const { kill, feed } = await begin();
    await kill();
    await touch("token:b");
    await feed.catchUp();
    expect(feed.overruled).toEqual([]);
    await kill();
    expect(feed.overruled).toEqual([FLAG]);
  });

  it("of before a restored backup are over", async () => {
    const { store, dead, begin } = await world();
    dead.is = true;
    const first = await begin();
    await first.kill();
    await first.emergencies.stop();
    await store.newEpoch(meta("store.restored", { at: Date.UTC(2030, 0) }));
    expect((await begin()).feed.overruled).toEqual([]);
  });

  it("say so when they are in memory alone", async () => {
    const { begin } = await world();
    const { kill, feed } = await begin();
    rmSync(folder, { recursive: true, force: true });
    expect(await kill()).toMatchObject({ keptIn: "memory" });
    expect(feed.ruleset.isEnabled(FLAG, "u", true)).toBe(false);
  });
});

describe("the file that kills are kept in", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rampart-emergency-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("has its size from the beginning, and gives back what was written last", () => {
    const file = new EmergencyFile(join(folder, "emergency"));
    expect(file.read()).toBeUndefined();
    expect(file.reserve()).toBe(true);
    expect(file.read()).toBe("");
    expect(file.write("grün ".repeat(100))).toBe(true);
    expect(file.write("short")).toBe(true);
    expect(new EmergencyFile(join(folder, "emergency")).read()).toBe("short");
  });

  it("refuses what does not fit, and keeps what is there", () => {
    const file = new EmergencyFile(join(folder, "emergency"));
    file.write("kept");
    expect(file.write("x".repeat(EMERGENCY_FILE_SIZE_BYTES))).toBe(false);
    expect(file.read()).toBe("kept");
  });

  it("counts as empty when a write was cut short", () => {
    const path = join(folder, "emergency");
    const file = new EmergencyFile(path);
    file.write("[1,2,3]");
    writeFileSync(path, "[1", { flag: "r+" });
    expect(file.read()).toBeUndefined();
  });
});

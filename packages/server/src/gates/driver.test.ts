import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlan } from "../domain/plan/parse.ts";
import type { Plan } from "../domain/plan/types.ts";
import type { UrgentKill } from "../ports/emergency.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";
import { countingRandom } from "../store/testing/fixtures.ts";
import { PLAN } from "../testing/rollout-server.ts";
import { World } from "./testing/world.ts";

const PERSON = { by: "token:a", roles: [] };

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.plan;
}

/** A rollout that runs, over a store that fails as long as `failing.is`. */
async function startWorld(plan = PLAN) {
  const failing = { is: false };
  const stores = createMemoryStores({ random: countingRandom() });
  const rollouts: RolloutStore = Object.assign(Object.create(stores.rollouts) as RolloutStore, {
    savePlan: stores.rollouts.savePlan.bind(stores.rollouts),
    plan: stores.rollouts.plan.bind(stores.rollouts),
    rollout: stores.rollouts.rollout.bind(stores.rollouts),
    rollouts: stores.rollouts.rollouts.bind(stores.rollouts),
    createRollout: stores.rollouts.createRollout.bind(stores.rollouts),
    rolloutRecords: stores.rollouts.rolloutRecords.bind(stores.rollouts),
    commitRollout: (commit: Parameters<RolloutStore["commitRollout"]>[0]) =>
      failing.is ? Promise.reject(new Error("disk full")) : stores.rollouts.commitRollout(commit),
  });
  const world = new World(planOf(plan), { store: stores.store, rollouts }, Date.UTC(2026, 0, 5));
  let samplings = 0;
  world.metric = (name) => {
    if (name === "errors") samplings += 1;
    return { kind: "value", value: 0.001, ageMs: 0 };
  };
  const id = await world.begin();
  const pass = async (ms: number, stepMs = 50): Promise<void> => {
    for (const end = world.now + ms; world.now < end;) {
      world.now += stepMs;
      await world.attend(id);
    }
  };
  await pass(1_000);
  return { world, id, failing, pass, samplings: () => samplings };
}

describe("a step that can't be stored", () => {
  it("is not taken, and its metrics are not asked at every look", async () => {
    const { world, id, failing, pass, samplings } = await startWorld();
    const before = samplings();
    failing.is = true;
    await pass(15_000);
    expect(await world.exposure()).toBe(5);
    expect(samplings() - before).toBeLessThanOrEqual(7);
    failing.is = false;
    await pass(2_000);
    expect((await world.runner.find(id))?.row.state.lastSampleAt).toBe(Date.UTC(2026, 0, 5) + 10_000);
  });

  it("is told to the person who asked for it, who can ask again", async () => {
    const { world, id, failing } = await startWorld();
    failing.is = true;
    expect(await world.runner.command(id, PERSON, { kind: "rollback" })).toMatchObject({ kind: "failed" });
    expect((await world.runner.find(id))?.row.state.percentage).toBe(5);
    failing.is = false;
    expect(await world.runner.command(id, PERSON, { kind: "rollback" })).toMatchObject({ kind: "done" });
    expect(await world.exposure()).toBe(0);
  });
});

describe("a rollback that can't be stored", () => {
  it("is decided and handed to what tells clients, though not one of the samples that led there could be stored", async () => {
    const { world, failing, pass } = await startWorld();
    const handed: UrgentKill[] = [];
    world.emergency.watch = async (write, kill) => {
      await write.catch(() => handed.push(kill));
      return undefined;
    };
    failing.is = true;
    world.metric = () => ({ kind: "value", value: 0.5, ageMs: 0 });
    await pass(180_000);
    expect(handed[0]).toMatchObject({ flag: "checkout", environment: "production", action: "flag.rolledBack" });
    expect(handed[0]?.reason).toContain("trigger");
  });

  it("by a person is taken once more when the store is back", async () => {
    const { world, id, failing } = await startWorld();
    const handed: UrgentKill[] = [];
    failing.is = true;
    const told = { at: 1, revision: 3, keptIn: "file" as const };
    world.emergency.watch = (write, kill) =>
      write.then(
        () => undefined,
        () => {
          handed.push(kill);
          return told;
        },
      );
    expect(await world.runner.command(id, PERSON, { kind: "rollback" })).toMatchObject({ kind: "failed", told });
    expect(handed).toMatchObject([{ flag: "checkout", actor: "token:a", action: "flag.rolledBack" }]);
    expect(await handed[0]?.again?.()).toBe(false);
    failing.is = false;
    expect(await handed[0]?.again?.()).toBe(true);
    expect(await world.exposure()).toBe(0);
    expect((await world.records(id)).map(({ event }) => event)).toContain("rollbackStarted");
  });
});

const UNATTENDED = PLAN.replace("duration: 1m, criteria", "duration: 55s, criteria").replace(
  /, approvals: .*? \}$/m,
  " }",
);

describe("a driver that comes up again", () => {
  it.each([
    ["set back by an hour", -3_600_000],
    ["set back to the moment when it went down, an hour ago", 0],
    ["set back to a moment after that", 7_000],
    ["as it should be", 3_600_000],
    ["set forward by an hour", 7_200_000],
  ])(
    "with a clock %s asks the metrics before anything rises: what was seen before may be of any age",
    async (_, byMs) => {
      const { world, pass } = await startWorld(UNATTENDED);
      await pass(50_000);
      world.now += byMs;
      const { metric } = world;
      world.metric = () => ({ kind: "error", reason: "no answer" });
      await world.reload();
      await pass(15_000);
      expect(await world.exposure()).toBe(5);
      world.metric = metric;
      await pass(45_000);
      expect(await world.exposure()).toBe(50);
    },
  );

  it("raises nothing without having asked, whatever the outage and whatever the clock says of it", async () => {
    const outages = fc.record({
      wentDownAfterMs: fc.integer({ min: 1_000, max: 200_000 }),
      seemsMs: fc.oneof(fc.integer({ min: -40_000, max: 40_000 }), fc.integer({ min: -7_200_000, max: 7_200_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(outages, { minLength: 1, maxLength: 3 }), async (all) => {
        const { world, pass, samplings } = await startWorld(UNATTENDED);
        for (const { wentDownAfterMs, seemsMs } of all) {
          await pass(wentDownAfterMs, 1_000);
          world.now += seemsMs;
          await world.reload();
          const [exposure, asked] = [await world.exposure(), samplings()];
          for (let waits = 0; samplings() === asked && waits < 60; waits += 1) {
            expect(await world.exposure()).toBe(exposure);
            await pass(200, 200);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("takes a person's word meanwhile, and acts on it with the first sampling; a promote it refuses until then", async () => {
    const { world, id, pass } = await startWorld(UNATTENDED.replace("duration: 55s", "duration: 10m"));
    await pass(22_000);
    await world.reload();
    expect(await world.runner.command(id, PERSON, { kind: "promote" })).toMatchObject({
      kind: "refused",
      refusal: { code: "NOT_ALLOWED_NOW", hint: "wait for the next sampling, within 10 s" },
    });
    expect(await world.runner.command(id, PERSON, { kind: "pause" })).toMatchObject({ kind: "done" });
    expect(await world.runner.command(id, PERSON, { kind: "resume" })).toMatchObject({ kind: "done" });
    await pass(8_000);
    expect(await world.runner.command(id, PERSON, { kind: "promote" })).toMatchObject({ kind: "done" });
    expect(await world.exposure()).toBe(50);
  });

  it("rolls back at once when a person says so", async () => {
    const { world, id, pass } = await startWorld();
    await pass(22_000);
    await world.reload();
    expect(await world.runner.command(id, PERSON, { kind: "rollback" })).toMatchObject({ kind: "done" });
    expect(await world.exposure()).toBe(0);
  });
});

describe("a driver", () => {
  it("takes a rollback before everything that waits", async () => {
    const { world, id } = await startWorld();
    const pause = world.runner.command(id, PERSON, { kind: "pause" });
    const resume = world.runner.command(id, PERSON, { kind: "resume" });
    const rollback = world.runner.command(id, PERSON, { kind: "rollback" });
    expect((await Promise.all([pause, resume, rollback])).map((outcome) => outcome?.kind)).toEqual([
      "done",
      "refused",
      "done",
    ]);
    expect((await world.records(id)).slice(-3).map(({ event }) => event)).not.toContain("resumed");
    expect(await world.exposure()).toBe(0);
  });

  it("bounds the events that wait, but for what stops", async () => {
    const { world, id } = await startWorld();
    const signals = Array.from({ length: 150 }, () =>
      world.runner.tell({ kind: "signal", signal: "support_tickets", value: 1 }, () => true),
    );
    const rollback = world.runner.command(id, PERSON, { kind: "rollback" });
    const outcomes = (await Promise.all(signals)).flat().map(({ outcome }) => outcome.kind);
    expect(outcomes.filter((kind) => kind === "failed").length).toBeGreaterThan(40);
    expect(await rollback).toMatchObject({ kind: "done" });
  });

  it("takes nothing more once it is halted, and stores what it had begun", async () => {
    const { world, id } = await startWorld();
    const told = world.runner.tell({ kind: "signal", signal: "support_tickets", value: 1 }, () => true);
    await world.runner.stop();
    expect(await told).toMatchObject([{ outcome: { kind: "done" } }]);
    expect(await world.runner.command(id, PERSON, { kind: "resume" })).toMatchObject({ kind: "failed" });
  });
});

describe("a runner", () => {
  it("starts though it can't read the plan of a rollout, and says so to whoever asks for that one", async () => {
    const { world, id } = await startWorld();
    const readable = world.runner;
    await readable.stop();
    const broken = new World(world.plan, { store: world.store, rollouts: world.rollouts }, world.now);
    Object.defineProperty(broken, "plan", {
      get: () => {
        throw new Error("a field that this version does not know");
      },
    });
    await broken.reload();
    await expect(broken.runner.find(id)).rejects.toThrow("does not know");
  });
});

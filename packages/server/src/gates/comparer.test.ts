import { describe, expect, it } from "vitest";
import { parsePlan } from "../domain/plan/parse.ts";
import type { Plan } from "../domain/plan/types.ts";
import type { Cause } from "../domain/rollout/cause.ts";
import { schedule, step } from "../domain/rollout/step.ts";
import type { RolloutState } from "../domain/rollout/state.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";
import { countingRandom } from "../store/testing/fixtures.ts";
import { HandIntake } from "./testing/hand-intake.ts";
import { World } from "./testing/world.ts";

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  metrics:
    errors: { prometheus: { query: errors }, unit: ratio }
    failing: { sdk: { measure: error_rate, cohort: on } }
  triggers:
    - { name: hard, when: errors >= 5%, for: 2m, action: rollback }
    - { name: regression, compare: failing, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5, duration: 2m }
    - { name: half, percentage: 50, duration: 2m }
`;

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.plan;
}

const UNITS = 65_536;
const MEASURED = { environment: "production", flag: "checkout", metric: "run" };

/** A rollout at 5 %, with a population of a thousand units that all make a request a second. */
async function atCanary() {
  const stores = createMemoryStores({ random: countingRandom() });
  const world = new World(planOf(PLAN), stores, Date.UTC(2026, 0, 5));
  world.metric = () => ({ kind: "value", value: 0.002, ageMs: 0 });
  const intake = new HandIntake();
  world.intake = intake;
  const id = await world.begin();
  await world.attend(id);
  const state = async (): Promise<RolloutState> => {
    const row = await stores.rollouts.rollout(id);
    if (!row) throw new Error("the rollout is gone");
    return row.state;
  };
  let second = 0;
  /** Lives through seconds; `fails` says which of the units fail in one. */
  const live = async (seconds: number, fails: (isOn: boolean, unit: number) => boolean): Promise<void> => {
    for (const end = second + seconds; second < end; second += 1) {
      const { percentage } = await state();
      if (percentage > 0) {
        const onEnd = Math.floor((percentage / 100) * UNITS);
        const requests = Array.from({ length: 1000 }, (_, user) => Math.floor((user * UNITS) / 1000)).map((unit) => ({
          unit,
          failed: fails(unit < onEnd, (unit + second) % 1000),
        }));
        intake.report(percentage, requests);
      }
      world.now += 1000;
      await world.attend(id);
    }
  };
  return { world, stores, intake, id, live, state };
}

const nobody = (): boolean => false;
/** One request in fifty fails, whoever makes it. */
const some = (_: boolean, unit: number): boolean => unit % 50 === 0;
/** Besides, every third user with the flag. */
const theFlag = (isOn: boolean, unit: number): boolean => some(isOn, unit) || (isOn && unit % 3 === 0);

describe("a rollout whose plan compares", () => {
  it("rolls back within seconds when users with the flag fail, before any threshold, and takes the usual way to the clients", async () => {
    const { world, id, live, state } = await atCanary();
    await live(20, some);
    expect(await world.exposure()).toBe(5);
    await live(5, theFlag);
    expect(await world.exposure()).toBe(0);
    const { phase } = await state();
    const cause: Cause | undefined = "cause" in phase ? phase.cause : undefined;
    expect(cause).toMatchObject({ kind: "trigger", subject: "regression", attribution: "flag" });
    expect(cause?.comparison).toMatch(/^failing: \d+ users with failures in the 5 % vs \d+ in control.* · odds ×/);
    expect(world.takenBack).toMatchObject([{ rollout: id, dataAgeMs: 1000 }]);
    const decided = (await world.rollouts.rolloutEvidence(id)).find(({ what }) => what === "rollback");
    expect(decided?.comparisons?.[0]).toMatchObject({ metric: "failing", line: cause?.comparison });
    expect(decided?.comparisons?.[0]?.series.length).toBeGreaterThan(1);
  });

  it("is not taken back while everybody fails alike", async () => {
    const { world, live, state } = await atCanary();
    await live(20, some);
    await live(40, (_, unit) => unit % 3 === 0);
    expect(await world.exposure()).toBe(5);
    expect((await state()).comparisons?.["failing"]).toMatchObject({ standing: { kind: "compared" }, alarms: {} });
  });

  it("goes on to the next stage while nothing is wrong, and compares anew there", async () => {
    const { world, live, state } = await atCanary();
    await live(130, nobody);
    expect(await world.exposure()).toBe(50);
    await live(15, nobody);
    expect((await state()).comparisons?.["failing"]).toMatchObject({ standing: { kind: "compared" }, epoch: 2 });
  });

  it("holds the percentage while SDKs say nothing", async () => {
    const { world, live, state } = await atCanary();
    for (let second = 0; second < 300; second += 1) {
      world.now += 1000;
      await world.attend("r1");
    }
    expect(await world.exposure()).toBe(5);
    expect((await state()).comparisons?.["failing"]?.standing).toMatchObject({ kind: "stale" });
    await live(30, nobody);
    expect(await world.exposure()).toBe(50);
  });

  it("goes on after a restart with what it knew: nobody fails first twice, and no budget is spent anew", async () => {
    const { world, intake, live, state } = await atCanary();
    await live(30, some);
    const before = (await state()).comparisons?.["failing"];
    const events = intake.begun.length;
    await world.reload();
    await live(11, nobody);
    const after = (await state()).comparisons?.["failing"];
    expect(after?.epoch).toBe(1);
    expect(after?.point?.off.failing).toBeGreaterThanOrEqual(before?.point?.off.failing ?? Infinity);
    expect(after?.point?.off.users).toBe(before?.point?.off.users);
    expect(intake.begun).toHaveLength(events);
  });

  it("waits while the units are on their way from another server, and goes on from what was kept there", async () => {
    const { intake, live, state } = await atCanary();
    await live(20, some);
    const before = (await state()).comparisons?.["failing"];
    intake.held = undefined;
    await live(5, theFlag);
    expect((await state()).comparisons?.["failing"]).toEqual(before);
    // What that server made of the units went further than what this one remembers.
    const kept = intake.kept() as { readonly exposed: object };
    intake.keep(MEASURED, { ...kept, exposed: { on: 4_000, off: 70_000 } });
    intake.held = 2;
    await live(1, nobody);
    const { exposed } = intake.kept() as { readonly exposed: { readonly off: number } };
    expect(exposed.off).toBeGreaterThanOrEqual(70_000);
  });

  it("keeps a log whose replay gives the stored state", async () => {
    const { world, stores, id, live } = await atCanary();
    await live(25, some);
    await live(5, theFlag);
    const row = await stores.rollouts.rollout(id);
    const events = await stores.rollouts.rolloutEvents(id, 0, 100_000);
    const { startAt } = row?.state ?? { startAt: 0 };
    const initial = schedule(world.plan, { at: startAt, startAt, by: "scenario" }).state;
    const replayed = events.reduce((at, { event }) => step(world.plan, at, event).state, initial);
    expect(JSON.parse(JSON.stringify(replayed))).toEqual(JSON.parse(JSON.stringify(row?.state)));
  });

  it("writes a point every ten seconds while nothing is new, not every look", async () => {
    const { stores, id, live } = await atCanary();
    await live(60, nobody);
    const compared = (await stores.rollouts.rolloutEvents(id, 0, 1000)).filter(
      ({ event }) => event.kind === "compared",
    );
    expect(compared.length).toBeGreaterThanOrEqual(6);
    expect(compared.length).toBeLessThanOrEqual(9);
  });

  it("holds its percentage and goes on being looked after when comparing fails", async () => {
    const { world, intake, live, state } = await atCanary();
    await live(20, nobody);
    intake.drain = () => {
      throw new Error("the units are gone");
    };
    await live(200, nobody);
    expect(await world.exposure()).toBe(5);
    expect((await state()).lastSampleAt).toBeGreaterThan(world.now - 20_000);
  });

  it("is told of an alarm that could not be stored, also when the evidence has gone down since", async () => {
    const { world, stores, live } = await atCanary();
    await live(20, nobody);
    const commit = stores.rollouts.commitRollout.bind(stores.rollouts);
    stores.rollouts.commitRollout = () => Promise.reject(new Error("disk full"));
    await live(4, theFlag);
    expect(await world.exposure()).toBe(5);
    // Users without the flag make up for it: by now the coin looks fair again.
    await live(3, (isOn) => !isOn);
    stores.rollouts.commitRollout = commit;
    await live(3, nobody);
    expect(await world.exposure()).toBe(0);
  });
});

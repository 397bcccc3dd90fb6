import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan } from "../domain/plan/types.ts";
import type { RolloutRecord } from "../domain/rollout/effect.ts";
import { inOrder, type RolloutEvent } from "../domain/rollout/event.ts";
import { step, schedule } from "../domain/rollout/step.ts";
import type { RolloutState } from "../domain/rollout/state.ts";
import { arbitraryPlan, arbitraryScenario } from "../domain/rollout/testing/arbitrary.ts";
import type { Scenario, ScenarioEvent } from "../domain/simulate/scenario.ts";
import { simulate } from "../domain/simulate/simulate.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";
import { countingRandom } from "../store/testing/fixtures.ts";
import { World } from "./testing/world.ts";

const RUNS = 2500;

/** Signals are pushed in production; the simulator can also play them as a series, which has no counterpart there. */
const scenarios = arbitraryScenario({ outages: true }).map((scenario): Scenario => ({
  ...scenario,
  assume: "nothing",
  metrics: Object.fromEntries(Object.entries(scenario.metrics).filter(([name]) => name !== "tickets")),
}));

/** Plays a scenario through the runner, the store and the clock of production, as the simulator plays it through the reducer. */
class Performance {
  readonly #world: World;
  readonly #scenario: Scenario;
  #next = 0;
  #downUntil: number | undefined;
  #id = "";

  constructor(plan: Plan, scenario: Scenario) {
    this.#scenario = scenario;
    this.#world = new World(plan, createMemoryStores({ random: countingRandom() }), scenario.startAt);
    this.#world.metric = (name, at) =>
      scenario.metrics[name]?.findLast((change) => change.atMs <= at - scenario.startAt)?.sample ?? {
        kind: "noData",
        reason: "the scenario has no data",
      };
  }

  async play(): Promise<readonly RolloutRecord[]> {
    const { startAt, untilMs } = this.#scenario;
    this.#id = await this.#world.begin();
    const values = baselines(this.#world.plan, this.#scenario);
    await this.#world.runner.tell({ kind: "baselineCaptured", values }, () => true);
    for (
      let now = await this.#nextInstant();
      now !== undefined && now <= startAt + untilMs;
      now = await this.#nextInstant()
    ) {
      this.#world.now = now;
      await this.#live(now);
    }
    return this.#world.records(this.#id);
  }

  get world(): World {
    return this.#world;
  }

  get id(): string {
    return this.#id;
  }

  async #nextInstant(): Promise<number | undefined> {
    const event = this.#scenario.events[this.#next];
    const dueAt = (await this.#world.rollouts.rollout(this.#id))?.dueAt;
    const instants = [
      event && this.#scenario.startAt + event.atMs,
      dueAt === undefined ? undefined : Math.max(dueAt, this.#downUntil ?? dueAt),
    ].filter((one) => one !== undefined);
    return instants.length === 0 ? undefined : Math.max(this.#world.now, Math.min(...instants));
  }

  async #live(now: number): Promise<void> {
    if (this.#downUntil !== undefined && now >= this.#downUntil) this.#downUntil = undefined;
    const due: ScenarioEvent[] = [];
    for (let event = this.#eventDue(now); event; event = this.#eventDue(now)) {
      this.#next += 1;
      if (event.kind === "crash") await this.#crash(now, event.outageMs);
      else if (this.#downUntil === undefined) due.push(event);
    }
    const own: RolloutEvent = { kind: "samples", at: now, sampledAt: now, values: {} };
    const acts = new Map<RolloutEvent, ScenarioEvent>(due.map((event) => [asEvent(event, now), event]));
    for (const event of inOrder([...acts.keys(), own])) {
      const act = acts.get(event);
      if (act) await this.#act(act);
      else if (this.#downUntil === undefined) await this.#world.attend(this.#id);
    }
  }

  #eventDue(now: number): ScenarioEvent | undefined {
    const event = this.#scenario.events[this.#next];
    return event && this.#scenario.startAt + event.atMs <= now ? event : undefined;
  }

  async #crash(now: number, outageMs: number): Promise<void> {
    await this.#world.reload();
    if (outageMs > 0) this.#downUntil = Math.max(now + outageMs, this.#downUntil ?? 0);
  }

  async #act(event: ScenarioEvent): Promise<void> {
    const { runner } = this.#world;
    switch (event.kind) {
      case "command": {
        const { person, command } = event;
        const planDigest = this.#world.plan.digest;
        await runner.command(this.#id, person, command.kind === "approve" ? { ...command, planDigest } : command);
        break;
      }
      case "signal":
        await runner.tell(
          { kind: "signal", signal: event.signal, ...(event.value !== undefined && { value: event.value }) },
          () => true,
        );
        break;
      case "kill":
        await this.#world.killByHand(event.by);
        break;
      case "drill":
        await runner.tell({ kind: "drillRecorded", drilledAt: this.#world.now, tookMs: event.tookMs }, () => true);
        break;
      case "crash":
        break;
    }
    await this.#world.settle(this.#id);
  }
}

function asEvent(event: ScenarioEvent, at: number): RolloutEvent {
  switch (event.kind) {
    case "command": {
      const { person, command } = event;
      return {
        kind: "command",
        at,
        person,
        command: command.kind === "approve" ? { ...command, planDigest: "" } : command,
      };
    }
    case "signal":
      return { kind: "signal", at, signal: event.signal };
    case "kill":
      return { kind: "flagKilled", at, by: event.by };
    case "drill":
      return { kind: "drillRecorded", at, drilledAt: at, tookMs: event.tookMs };
    case "crash":
      return { kind: "tick", at };
  }
}

function baselines(plan: Plan, scenario: Scenario): { readonly [name: string]: number | null } {
  return Object.fromEntries(
    Object.keys(plan.metrics).map((name) => {
      const first = scenario.metrics[name]?.findLast((change) => change.atMs <= 0)?.sample;
      const seen = first?.kind === "value" ? first.value : null;
      return [name, Object.hasOwn(scenario.baselines, name) ? (scenario.baselines[name] ?? null) : seen];
    }),
  );
}

/**
 * Without what only one of them tells: a simulation its crashes, refused commands, and drills that come when the rollout is over and nobody
 * listens any more; the runner, that a rollout was made.
 */
function isStory({ event, state }: RolloutRecord): boolean {
  const isOver = state === "completed" || state === "rolledBack" || state === "cancelled";
  return event !== "crashed" && event !== "refused" && event !== "scheduled" && !(event === "drillRecorded" && isOver);
}

/** As a simulation can know it: what else changed in the environment stands in the audit of a real one alone. */
function told(record: RolloutRecord): RolloutRecord {
  if (record.event !== "notRecovered" || record.cause === undefined) return record;
  const { reason: _, ...cause } = record.cause;
  return { ...record, cause };
}

async function replayed(world: World, id: string, startAt: number): Promise<RolloutState> {
  const events = await world.rollouts.rolloutEvents(id, 0, 100_000);
  const first = schedule(world.plan, { at: startAt, startAt, by: "scenario" }).state;
  return events.reduce((state, { event }) => step(world.plan, state, event).state, first);
}

describe("the runner and the simulator", () => {
  it("tell the same story of any plan and scenario, crashes included", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, scenarios, async (plan, scenario) => {
        const performance = new Performance(plan, scenario);
        const story = await performance.play();
        expect(story.filter(isStory).map(told)).toEqual(simulate(plan, scenario).timeline.filter(isStory).map(told));
        const row = await performance.world.rollouts.rollout(performance.id);
        expect(row?.state).toEqual(await replayed(performance.world, performance.id, scenario.startAt));
        const killed = scenario.events.some((event) => event.kind === "kill");
        // A kill by hand after the end is not the rollout's any more, and still counts.
        if (killed) expect(await performance.world.exposure()).toBeLessThanOrEqual(row?.state.percentage ?? 0);
        else expect(await performance.world.exposure()).toBe(row?.state.percentage);
      }),
      { numRuns: RUNS },
    );
  });
});

/** What must be true of every plan, every series of metrics, every order of commands, and every crash. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assumePreconditions } from "../simulate/assume.ts";
import type { Scenario } from "../simulate/scenario.ts";
import { simulate, type TakenStep } from "../simulate/simulate.ts";
import type { Plan } from "../plan/types.ts";
import { nextDeadline } from "./deadline.ts";
import { inOrder, type Command, type RolloutEvent } from "./event.ts";
import { waitingFor } from "./explain.ts";
import { sentence } from "./sentence.ts";
import { statusOf, type RolloutState } from "./state.ts";
import { schedule, step } from "./step.ts";
import { arbitraryPlan, arbitraryScenario, START_AT } from "./testing/arbitrary.ts";
import { Oracle } from "./testing/oracle.ts";

/** Six properties and one that is cheap: more than 10,000 cases in all. */
const RUNS = { numRuns: 1600 };

/** They take three seconds each; a machine that is busy with the rest of the suite takes longer. */
const TIMEOUT_MS = 120_000;

function stepsOf(plan: Plan, scenario: Scenario): readonly TakenStep[] {
  const steps: TakenStep[] = [];
  simulate(plan, scenario, { everySampling: true, onStep: (taken) => steps.push(taken) });
  return steps;
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("every rollout", () => {
  it(
    "rises only through its gates: no true trigger, no missing data, no early end, no missing approval; and never after a rollback",
    { timeout: TIMEOUT_MS },
    () => {
      fc.assert(
        fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), (plan, scenario) => {
          const oracle = new Oracle(plan);
          for (const taken of stepsOf(plan, scenario)) oracle.watch(taken);
          expect(oracle.broken).toEqual([]);
        }),
        { numRuns: 2 * RUNS.numRuns },
      );
    },
  );

  it("ends at 0 % once a rollback is decided, and is out of anybody's way", { timeout: TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), (plan, scenario) => {
        const { timeline, state, outcome } = simulate(plan, scenario);
        const decided = timeline.findIndex(
          (record) => record.event === "rollbackStarted" || record.event === "rolledBack",
        );
        if (decided === -1) return;
        expect(timeline.slice(decided).map((record) => record.percentage)).toSatisfy((all: number[]) =>
          all.every((one) => one === 0),
        );
        expect(state.percentage).toBe(0);
        expect(["verifying", "rolledBack"]).toContain(outcome);
      }),
      RUNS,
    );
  });

  it("gives a rollback precedence over every other command, in every order", { timeout: TIMEOUT_MS }, () => {
    const others = fc.subarray<Command>([
      { kind: "approve", planDigest: "d1" },
      { kind: "tick", item: "all" },
      { kind: "promote" },
      { kind: "resume" },
      { kind: "pause" },
      { kind: "reject" },
      { kind: "acknowledge" },
    ]);
    fc.assert(
      fc.property(
        arbitraryPlan,
        arbitraryScenario({ outages: false }),
        fc.nat(),
        others,
        fc.infiniteStream(fc.nat()),
        (plan, scenario, cut, commands, dice) => {
          const steps = stepsOf(plan, scenario);
          const taken = steps[cut % steps.length];
          if (taken === undefined) throw new Error("a scenario without a step");
          const start = taken.before;
          const at = start.now + 1000;
          const all = shuffled<RolloutEvent>(
            [...commands, { kind: "rollback" } as const].map((command) => ({
              kind: "command",
              at,
              person: { by: "ann", roles: ["lead", "cto"] },
              command,
            })),
            dice,
          );
          const orders = { asTheyCome: all, asTheyCount: inOrder(all) };
          for (const [order, events] of Object.entries(orders)) {
            const { state, rises } = takeAll(taken.plan, start, events);
            if (statusOf(start) === "cancelled") continue;
            expect(state.percentage).toBe(0);
            expect(["rollingBack", "verifying", "rolledBack"]).toContain(statusOf(state));
            if (order === "asTheyCount") expect(rises).toBe(0);
          }
        },
      ),
      RUNS,
    );
  });

  it(
    "is the same after its events are replayed, and after every state was written down and read back",
    { timeout: TIMEOUT_MS },
    () => {
      fc.assert(
        fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), (plan, scenario) => {
          const steps = stepsOf(plan, scenario);
          const assumed = assumePreconditions(plan, scenario).plan;
          let replayed: RolloutState = schedule(assumed, { at: START_AT, startAt: START_AT, by: "scenario" }).state;
          for (const { event, after } of steps) {
            const again = step(assumed, copy(replayed), copy(event));
            expect(again.effects).toEqual(after.effects);
            replayed = again.state;
          }
          expect(replayed).toEqual(copy(steps.at(-1)!.after.state));
        }),
        { numRuns: 800 },
      );
    },
  );

  it("goes on after a crash as if nothing had been, at whatever sampling it comes", { timeout: TIMEOUT_MS }, () => {
    const crashes = fc.array(fc.integer({ min: 0, max: 480 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(arbitraryPlan, arbitraryScenario({ outages: false }), crashes, (plan, scenario, seconds) => {
        const taken = new Set(scenario.events.map(({ atMs }) => atMs));
        const events = [
          ...scenario.events,
          ...seconds
            .map((second) => Math.floor((second * 1000) / plan.intervalMs) * plan.intervalMs)
            .filter((atMs) => !taken.has(atMs))
            .map((atMs) => ({ atMs, kind: "crash" as const, outageMs: 0 })),
        ];
        const crashed = simulate(plan, { ...scenario, events: events.toSorted((a, b) => a.atMs - b.atMs) });
        expect(crashed.timeline.filter((record) => record.event !== "crashed")).toEqual(
          simulate(plan, scenario).timeline,
        );
      }),
      RUNS,
    );
  });

  it(
    "rises after a crash, at whatever moment it comes, with a sampling and nothing else",
    { timeout: TIMEOUT_MS },
    () => {
      const crashes = fc.array(fc.integer({ min: 0, max: 480_000 }), { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), crashes, (plan, scenario, instants) => {
          const crashed = instants.map((atMs) => ({ atMs, kind: "crash" as const, outageMs: 0 }));
          const events = [...scenario.events, ...crashed].toSorted((a, b) => a.atMs - b.atMs);
          const wentDownAt = events.flatMap(({ kind, atMs }) => (kind === "crash" ? [scenario.startAt + atMs] : []));
          let sampledAt = -Infinity;
          for (const { before, event, after } of stepsOf(plan, { ...scenario, events })) {
            if (event.kind === "samples") sampledAt = event.at;
            const cameUpAfter = wentDownAt.findLast((at) => at < event.at) ?? -Infinity;
            // Before the first sampling there is none that could look newer than it is.
            if (after.state.percentage > before.percentage && before.lastSampleAt !== undefined)
              expect(sampledAt).toBeGreaterThan(cameUpAfter);
          }
        }),
        RUNS,
      );
    },
  );

  it(
    "is told the same by a simulation that skips what is quiet as by one that takes every sampling",
    { timeout: TIMEOUT_MS },
    () => {
      fc.assert(
        fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), (plan, scenario) => {
          const fast = simulate(plan, scenario);
          const slow = simulate(plan, scenario, { everySampling: true });
          expect(fast.timeline).toEqual(slow.timeline);
          expect(fast.outcome).toBe(slow.outcome);
          expect(fast.summary).toBe(slow.summary);
        }),
        RUNS,
      );
    },
  );

  it(
    "has its next deadline in the future after each tick, and can always say what it waits for",
    { timeout: TIMEOUT_MS },
    () => {
      fc.assert(
        fc.property(arbitraryPlan, arbitraryScenario({ outages: true }), (plan, scenario) => {
          for (const { plan: played, event, after } of stepsOf(plan, scenario)) {
            if (event.kind !== "tick") continue;
            const { state } = after;
            expect(nextDeadline(played, state) ?? Infinity).toBeGreaterThan(state.now);
            expect(sentence(played, state)).toMatch(/^[A-Z].*\.$/);
            const over = ["rolledBack", "completed", "cancelled"].includes(statusOf(state));
            if (over) expect(waitingFor(played, state)).toEqual([]);
          }
        }),
        RUNS,
      );
    },
  );
});

function takeAll(
  plan: Plan,
  start: RolloutState,
  events: readonly RolloutEvent[],
): { readonly state: RolloutState; readonly rises: number } {
  let state = start;
  let rises = 0;
  for (const event of events) {
    const next = step(plan, state, event);
    if (next.state.percentage > state.percentage) rises++;
    state = next.state;
  }
  return { state, rises };
}

function shuffled<T>(items: readonly T[], dice: Iterator<number>): readonly T[] {
  const rest = [...items];
  const drawn: T[] = [];
  while (rest.length > 0) drawn.push(...rest.splice((dice.next().value as number) % rest.length, 1));
  return drawn;
}

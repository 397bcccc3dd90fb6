import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOneGo } from "../pieces.ts";
import type { Plan } from "../plan/types.ts";
import { conditionKey, conditionsOf } from "../rollout/conditions.ts";
import { heldMs } from "../rollout/streak.ts";
import { arbitraryPlan, arbitraryScenario, START_AT } from "../rollout/testing/arbitrary.ts";
import { judge } from "../rollout/verdict.ts";
import type { Scenario } from "../simulate/scenario.ts";
import { simulate, type TakenStep } from "../simulate/simulate.ts";
import { changesOf, type History } from "./history.ts";
import { Pasts } from "./past.ts";
import { playing } from "./rollouts.ts";
import { prepareBacktest, type Backtest } from "./settings.ts";
import { tallyOf } from "./tally.ts";
import { watching } from "./watch.ts";

const LEAD_MS = 2 * 60_000;
const RUNS = 150;

const scenarios = arbitraryScenario({ outages: false });

/** What a server would have seen at each sampling, had it looked all the time: before the scenario begins, the same as at its beginning. */
function historyOf(plan: Plan, { metrics, untilMs }: Scenario): History {
  const names = Object.keys(plan.metrics).filter((name) => plan.metrics[name]?.source.kind === "prometheus");
  return Object.fromEntries(
    names.map((name) => {
      const changes = metrics[name] ?? [];
      const samples = Array.from({ length: Math.floor((LEAD_MS + untilMs) / plan.intervalMs) + 1 }, (_, index) => {
        const atMs = index * plan.intervalMs - LEAD_MS;
        const seen = changes.findLast((change) => change.atMs <= Math.max(0, atMs))?.sample;
        return { at: START_AT + atMs, sample: usable(seen) };
      });
      return [name, changesOf(samples)] as const;
    }),
  );
}

/** A history has no numbers that are none, and none that are old. */
function usable(sample: Scenario["metrics"][string][number]["sample"] | undefined) {
  if (sample === undefined) return { kind: "noData" as const, reason: "the scenario has no data" };
  if (sample.kind !== "value") return sample;
  return Number.isFinite(sample.value)
    ? { ...sample, ageMs: 0 }
    : { kind: "noData" as const, reason: "not a number to compare with" };
}

function prepare(plan: Plan, { untilMs }: Scenario): Backtest {
  const prepared = prepareBacktest(plan, {
    from: START_AT,
    to: START_AT + untilMs,
    starts: { kind: "every", everyMs: 60_000 },
  });
  if (!prepared.ok) throw new Error(prepared.reason);
  return prepared.backtest;
}

describe("a backtest", () => {
  it("plays a rollout as the simulator plays the scenario that the history was made of, whatever was left out", () => {
    fc.assert(
      fc.property(arbitraryPlan, scenarios, (plan, scenario) => {
        const backtest = prepare(plan, scenario);
        const history = historyOf(plan, scenario);
        const past = inOneGo(new Pasts(backtest.plan, history, backtest.grid).from(START_AT));
        const played = simulate(backtest.plan, past.scenario);
        const metrics = Object.fromEntries(
          Object.entries(scenario.metrics).map(([name, changes]) => [
            name,
            changes.map(({ atMs, sample }) => ({ atMs, sample: usable(sample) })),
          ]),
        );
        const simulated = simulate(
          backtest.plan,
          { ...scenario, metrics, baselines: past.scenario.baselines, events: [], assume: "nothing" },
          { everySampling: true },
        );
        expect(played.timeline).toEqual(simulated.timeline);
        expect(played.outcome).toBe(simulated.outcome);
        const [first] = inOneGo(playing(backtest, history, 1_000_000)).rollouts;
        expect(first?.sentence).toBe(simulated.summary);
      }),
      { numRuns: RUNS },
    );
  });

  it("counts for each condition what the reducer judged at each sampling", () => {
    fc.assert(
      fc.property(arbitraryPlan, scenarios, (plan, scenario) => {
        const { plan: able, grid } = prepare(plan, scenario);
        const [stage] = able.stages;
        if (stage === undefined) throw new Error("the plan has no stage");
        const { timeoutMs: _, ...rest } = stage;
        // One that never ends, or sampling would.
        const endless: Plan = {
          ...able,
          preconditions: [],
          noData: "hold",
          stages: [{ ...rest, durationMs: 10 * scenario.untilMs, triggers: [] }],
        };
        const history = historyOf(plan, scenario);
        const past = inOneGo(new Pasts(endless, history, grid).from(START_AT));
        const seen = new Map<string, { trueSamples: number; unknownSamples: number; samples: number; held: number }>();
        const onStep = ({ event, after: { state } }: TakenStep): void => {
          if (event.kind !== "samples") return;
          for (const { key, condition } of conditionsOf(endless)) {
            const { kind } = judge(endless, state, condition, event.sampledAt);
            const counts = seen.get(key) ?? { trueSamples: 0, unknownSamples: 0, samples: 0, held: 0 };
            const held = heldMs(state, { id: "", test: { kind: "condition", condition }, forMs: 20_000 }, START_AT);
            seen.set(key, {
              samples: counts.samples + 1,
              trueSamples: counts.trueSamples + (kind === "pass" ? 1 : 0),
              unknownSamples: counts.unknownSamples + (kind === "inconclusive" || kind === "error" ? 1 : 0),
              held: counts.held + (held !== undefined && held >= 20_000 ? 1 : 0),
            });
          }
        };
        simulate(endless, past.scenario, { everySampling: true, onStep });
        for (const { condition } of conditionsOf(endless)) {
          const counted = { plan: endless, state: past.before, history, grid };
          const { samples, trueSamples, unknownSamples, heldSamples } = tallyOf(counted, {
            condition,
            forMs: 20_000,
            towards: true,
          });
          expect({ samples, trueSamples, unknownSamples, held: heldSamples }).toEqual(
            seen.get(conditionKey(condition)),
          );
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("finds a firing for each streak that is as long as a trigger's `for`, and no other", () => {
    fc.assert(
      fc.property(arbitraryPlan, scenarios, (plan, scenario) => {
        const backtest = prepare(plan, scenario);
        for (const { trigger, tally, firings } of inOneGo(watching(backtest, historyOf(plan, scenario))).triggers) {
          const { intervalMs } = backtest.plan;
          const neededMs = Math.ceil(trigger.forMs / intervalMs) * intervalMs;
          const due = tally.streaks.filter(({ since, lastAt }) => lastAt - since >= trigger.forMs);
          expect(firings.map(({ at }) => at)).toEqual(due.map(({ since }) => since + neededMs));
          for (const { streak } of firings) expect(due).toContain(streak);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

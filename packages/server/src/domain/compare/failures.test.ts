import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layersOf } from "./budget.ts";
import { epochWeight, plannedEpochs } from "./epochs.ts";
import { oddsOf } from "./evidence.ts";
import {
  failuresVerdict,
  failuresWindow,
  isFailuresEpochOver,
  startFailures,
  type FailuresSettings,
  type FailuresState,
} from "./failures.ts";
import { startWeight, weightLeft } from "./mixture.ts";
import { MISMATCH_EVIDENCE, mismatchLogEvidence } from "./mismatch.ts";
import { lookAtSeconds, noHarm, slowHarm } from "./slow.ts";
import { shareOf } from "./units.ts";

const settings: FailuresSettings = { alpha: 0.005, tolerated: 1, plannedEpochs: 24 };

const after = (state: FailuresState, windows: readonly (readonly [on: number, off: number])[]): FailuresState =>
  windows.reduce((next, [on, off]) => failuresWindow(next, { failed: { on, off }, seen: { on: 5, off: 95 } }), state);

describe("the coin test", () => {
  it("needs five distinct failing users on, however strong the evidence", () => {
    const four = after(startFailures(settings, 0.001), [[4, 0]]);
    expect(failuresVerdict(four).logEvidence).toBeGreaterThan(failuresVerdict(four).logNeeded);
    expect(failuresVerdict(four).alarm).toBe(false);
    expect(failuresVerdict(after(four, [[1, 0]])).alarm).toBe(true);
  });

  it("waits for the users that a plan asks for", () => {
    const many = after(startFailures({ ...settings, unitsSeenMin: 201 }, 0.05), [
      [20, 0],
      [0, 0],
    ]);
    expect(failuresVerdict(many).alarm).toBe(false);
    expect(failuresVerdict(after(many, [[0, 0]])).alarm).toBe(true);
  });

  it("needs evidence of 400 in the first of many epochs at an alpha of 0.5 %", () => {
    expect(Math.exp(failuresVerdict(startFailures(settings, 0.05)).logNeeded)).toBeCloseTo(400, 9);
  });

  it("tolerates what it is told to tolerate", () => {
    const worse = Array.from({ length: 100 }, () => [7, 20] as const);
    const verdict = (tolerated: number) =>
      failuresVerdict(after(startFailures({ ...settings, tolerated }, 0.2), worse));
    expect([verdict(1).alarm, verdict(1.5).alarm]).toEqual([true, false]);
  });

  it("begins the next epoch by itself, and spends less on it", () => {
    const over = after(
      startFailures(settings, 0.05),
      Array.from({ length: 3600 }, () => [0, 0] as const),
    );
    expect([over.epoch, isFailuresEpochOver(over)]).toEqual([1, true]);
    const next = after(over, [[1, 1]]);
    expect([next.epoch, next.mixture.window, next.failed]).toEqual([2, 1, { on: 1, off: 1 }]);
    expect(failuresVerdict(next).logNeeded).toBeGreaterThan(failuresVerdict(over).logNeeded);
  });

  it("stays finite whatever comes", () => {
    const counts = fc.record({ on: fc.nat(1e9), off: fc.nat(1e9) });
    const shares = fc.constantFrom(1 / 65_535, 0.001, 0.5, 0.999, 65_534 / 65_535);
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 20 }), shares, (windows, share) => {
        let state = startFailures(settings, share);
        for (const failed of windows) state = failuresWindow(state, { failed, seen: failed });
        expect(Number.isFinite(state.mixture.logEvidence)).toBe(true);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
    );
  });
});

describe("what may be spent", () => {
  it("adds up to the budget over all epochs, planned or not", () => {
    for (const planned of [1, 2, 24]) {
      const spent = Array.from({ length: 100_000 }, (_, index) => epochWeight(index + 1, planned));
      expect(spent.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 4);
    }
    expect(plannedEpochs([86_400_000, 1_800_000], 3_600_000)).toBe(25);
    const { fast, slow } = layersOf(0.01);
    expect([fast, slow]).toEqual([expect.closeTo(0.008), expect.closeTo(0.002)]);
  });

  it("adds up to 1 over all starts of an epoch", () => {
    const placed = (count: number) =>
      Array.from({ length: count }, (_, index) => startWeight(index + 1, 3600)).reduce((sum, one) => sum + one, 0);
    for (const count of [0, 1, 1800, 3600, 4000]) expect(placed(count) + weightLeft(count, 3600)).toBeCloseTo(1, 12);
  });
});

describe("the odds", () => {
  it("are ten, between 1.5 and 49, with 7 of 20 failing users in a 5 % canary", () => {
    const { estimate, low, high } = oddsOf({ on: 7, off: 13 }, shareOf(5000));
    expect(estimate).toBeCloseTo(10.2, 1);
    expect([low?.toPrecision(2), high?.toPrecision(2)]).toEqual(["1.5", "49"]);
  });

  it("are unknown while nobody failed, and open where nothing bounds them", () => {
    expect(oddsOf({ on: 0, off: 0 }, 0.05)).toEqual({ estimate: undefined, low: undefined, high: undefined });
    expect(oddsOf({ on: 9, off: 0 }, 0.05)).toEqual({ estimate: Infinity, low: expect.any(Number), high: undefined });
    expect(oddsOf({ on: 0, off: 3 }, 0.05)).toMatchObject({ estimate: 0, low: undefined });
  });
});

it("a cohort that is not what the percentage says is noticed, an exact one isn't", () => {
  expect(mismatchLogEvidence({ on: 50, off: 950 }, 0.05)).toBeLessThan(0);
  expect(mismatchLogEvidence({ on: 150, off: 850 }, 0.05)).toBeGreaterThan(Math.log(MISMATCH_EVIDENCE));
});

describe("the sums", () => {
  const arm = (units: number, failures: number) => ({
    requests: Array.from({ length: units }, () => 10),
    failures: Array.from({ length: units }, (_, unit) => (unit % 10 === 0 ? failures : 0)),
  });
  const look = { alpha: 0.001, look: 1 };

  it("are looked at after 10, 20, 40 minutes", () => {
    expect([1, 2, 3].map(lookAtSeconds)).toEqual([600, 1200, 2400]);
  });

  it("say nothing below 100 users in a cohort", () => {
    expect(slowHarm({ on: arm(99, 1), off: arm(500, 1) }, look)).toEqual({ kind: "tooFew" });
    expect(noHarm({ on: arm(500, 1), off: arm(99, 1) }, { ...look, margin: 2 })).toEqual({ kind: "tooFew" });
  });

  it("prove nothing without a failure to compare with", () => {
    expect(noHarm({ on: arm(200, 0), off: arm(200, 1) }, { ...look, margin: 2 })).toEqual({ kind: "noFailures" });
    expect(slowHarm({ on: arm(200, 0), off: arm(200, 0) }, look)).toMatchObject({ z: 0, alarm: false });
  });

  it("find harm where there is, and rule it out where there is none", () => {
    expect(slowHarm({ on: arm(1000, 5), off: arm(1000, 1) }, look)).toMatchObject({ alarm: true });
    const proven = noHarm({ on: arm(5000, 1), off: arm(5000, 1) }, { ...look, margin: 2 });
    expect(proven).toMatchObject({ ratio: 1, proven: true });
  });
});

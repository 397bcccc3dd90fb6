/** What the sequential tests do over many runs with users whose requests fail together; the benchmark `gates` has more of it. */
import { describe, expect, it } from "vitest";
import type { Conduct } from "../compare/traffic.ts";
import { failuresTrial, latencyTrial, type Trial } from "./testing/trials.ts";

const usual: Conduct = { failureRate: 0.005, latency: 1 };
const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

describe("a healthy flag", () => {
  const RUNS = 40;
  const ALPHA = 0.2;
  // A tenth at the first epoch's half of the budget: 4 runs of 40; more than 9 would be one chance in two hundred.
  const ALARMS_MAX = 9;
  const bad: Conduct = { failureRate: 0.2, latency: 1 };
  const often: Conduct = { failureRate: 0.1, latency: 1 };
  const alarms = (trial: Pick<Trial, "conducts" | "byRequests">): number =>
    seeds(RUNS).filter(
      (seed) => failuresTrial({ seed, users: 1000, percentage: 10, seconds: 900, alpha: ALPHA, ...trial }) < Infinity,
    ).length;

  it("is not taken back more often than its budget allows, where counting requests would take it back", () => {
    expect(alarms({ conducts: () => [often, often] })).toBeLessThanOrEqual(ALARMS_MAX);
    expect(alarms({ conducts: () => [often, often], byRequests: true })).toBeGreaterThan(ALARMS_MAX);
  }, 30_000);

  it("is not blamed for an incident that hits everybody", () => {
    const incident: Trial["conducts"] = (second) => (second > 100 && second <= 400 ? [bad, bad] : [often, often]);
    expect(alarms({ conducts: incident })).toBeLessThanOrEqual(ALARMS_MAX);
  }, 30_000);

  it("is not taken back for being as slow as everything else is", () => {
    const slow: Conduct = { failureRate: 0, latency: 3 };
    const conducts: Trial["conducts"] = (second) => (second > 20 ? [slow, slow] : [usual, usual]);
    const late = seeds(RUNS).filter(
      (seed) => latencyTrial({ seed, percentage: 25, seconds: 120, alpha: ALPHA, conducts }) < Infinity,
    );
    expect(late.length).toBeLessThanOrEqual(ALARMS_MAX);
  }, 30_000);
});

describe("harm", () => {
  const RUNS = 61;
  const found = (
    trial: (options: Trial) => number,
    { percentage, on, seconds }: { readonly percentage: number; readonly on: Conduct; readonly seconds: number },
  ): number =>
    median(seeds(RUNS).map((seed) => trial({ seed, percentage, seconds, alpha: 0.005, conducts: () => [usual, on] })));

  it.each([
    { failureRate: 0.2, percentage: 5, wanted: 2 },
    { failureRate: 0.2, percentage: 50, wanted: 1 },
    { failureRate: 0.05, percentage: 5, wanted: 14 },
    { failureRate: 0.05, percentage: 25, wanted: 4 },
    { failureRate: 0.05, percentage: 50, wanted: 4 },
    { failureRate: 0.02, percentage: 50, wanted: 16 },
  ])("of $failureRate failing at $percentage % is found in $wanted s", ({ failureRate, percentage, wanted }) => {
    const seconds = found(failuresTrial, { percentage, on: { failureRate, latency: 1 }, seconds: 10 * wanted });
    expect(Math.abs(seconds - wanted)).toBeLessThanOrEqual(Math.max(1, 0.2 * wanted));
  });

  it("that hits all who are on at a 1 % canary is found as soon as expected, and later where it hits a few of them", () => {
    const harm: Conduct = { failureRate: 0.05, latency: 1 };
    const times = (harmClustering: number): number =>
      median(
        seeds(RUNS).map((seed) =>
          failuresTrial({
            seed,
            percentage: 1,
            seconds: 600,
            alpha: 0.005,
            conducts: () => [usual, harm],
            harmClustering,
          }),
        ),
      );
    const alike = times(0);
    expect(alike).toBeLessThanOrEqual(1.2 * 60);
    expect(times(2)).toBeGreaterThan(alike);
  });

  it.each([
    { latency: 3, percentage: 5, wanted: 2 },
    { latency: 1.5, percentage: 5, wanted: 7 },
    { latency: 1.5, percentage: 50, wanted: 3 },
    { latency: 1.2, percentage: 25, wanted: 12 },
  ])("of requests $latency times as long at $percentage % is found in $wanted s", ({ latency, percentage, wanted }) => {
    const seconds = found(latencyTrial, { percentage, on: { failureRate: 0.005, latency }, seconds: 10 * wanted });
    expect(Math.abs(seconds - wanted)).toBeLessThanOrEqual(Math.max(1, 0.2 * wanted));
  });

  it("that begins late is found nearly as fast, since a bet is begun at every second", () => {
    const harm: Conduct = { failureRate: 0.05, latency: 1 };
    const begins = 1800;
    const seconds = seeds(11).map((seed) => {
      const conducts: Trial["conducts"] = (second) => [usual, second > begins ? harm : usual];
      return failuresTrial({ seed, percentage: 25, seconds: begins + 200, alpha: 0.005, conducts }) - begins;
    });
    expect(median(seconds)).toBeGreaterThan(0);
    expect(median(seconds)).toBeLessThan(30);
  }, 30_000);

  it("that was hidden by a shared incident is found right after it", () => {
    const harm: Conduct = { failureRate: 0.05, latency: 1 };
    const bad: Conduct = { failureRate: 0.3, latency: 1 };
    const seconds = seeds(11).map((seed) => {
      const conducts: Trial["conducts"] = (second) => (second <= 300 ? [bad, bad] : [usual, harm]);
      return failuresTrial({ seed, percentage: 25, seconds: 700, alpha: 0.005, conducts }) - 300;
    });
    expect(median(seconds)).toBeLessThan(120);
  }, 30_000);
});

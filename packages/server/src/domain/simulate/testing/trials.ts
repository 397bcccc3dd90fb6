/** Runs of the fast tests on made-up users, as the benchmark has them by the hundred. */
import { VALUE_BINS, valueBin } from "@rampart/core";
import {
  failuresVerdict,
  failuresWindow,
  isFailuresEpochOver,
  startFailures,
  type FailuresSettings,
} from "../../compare/failures.ts";
import {
  isLatencyEpochOver,
  latencyModel,
  latencyVerdict,
  latencyWindow,
  startLatency,
} from "../../compare/latency.ts";
import { Traffic, type Conduct } from "../../compare/traffic.ts";
import { shareOf } from "../../compare/units.ts";
import { CountedTraffic } from "../counted-traffic.ts";

export interface Trial {
  readonly seed: number;
  readonly percentage: number;
  readonly seconds: number;
  /** How users who are off, and on, fare in a second (from 1). */
  readonly conducts: (second: number) => readonly [off: Conduct, on: Conduct];
  readonly alpha: number;
  /** 10,000 if not given. */
  readonly users?: number;
  /** As of `TrafficSettings`; what only one cohort suffers hits a few of its users if not given. */
  readonly harmClustering?: number;
  /** As if each request were a unit of its own, which it is not. */
  readonly byRequests?: boolean;
}

const POPULATION = { users: 10_000, requestsPerSecond: 200, clustering: 2 };

/** The second of the first alarm of the coin test; Infinity when there was none. */
export function failuresTrial(trial: Trial): number {
  const { seed, percentage, seconds, conducts, alpha, users = POPULATION.users, byRequests = false } = trial;
  const { harmClustering = POPULATION.clustering } = trial;
  const traffic = new CountedTraffic(new Traffic({ ...POPULATION, users, harmClustering, seed }), percentage * 1000);
  const settings: FailuresSettings = { alpha, tolerated: 1, plannedEpochs: 24 };
  let state = startFailures(settings, shareOf(percentage * 1000));
  for (let second = 1; second <= seconds; second++) {
    const window = traffic.second(conducts(second));
    state = failuresWindow(state, byRequests ? { failed: window.failures, seen: window.requests } : window);
    if (failuresVerdict(state).alarm) return second;
    if (isFailuresEpochOver(state)) traffic.begin("failures");
  }
  return Infinity;
}

/** The same of the test of values, whose reference is ten minutes of control. */
export function latencyTrial({ seed, percentage, seconds, conducts, alpha }: Trial): number {
  const users = new Traffic({ ...POPULATION, seed });
  const reference = new Uint32Array(VALUE_BINS);
  for (let value = 0; value < POPULATION.users; value++) {
    const bin = valueBin(users.latencyMs(1));
    reference[bin] = (reference[bin] ?? 0) + 1;
  }
  const model = latencyModel({ alpha, tolerated: 1, plannedEpochs: 144, reference });
  const traffic = new CountedTraffic(users, percentage * 1000);
  let state = startLatency(shareOf(percentage * 1000));
  for (let second = 1; second <= seconds; second++) {
    state = latencyWindow(model, state, traffic.second(conducts(second)));
    if (latencyVerdict(model, state).alarm) return second;
    if (isLatencyEpochOver(state)) traffic.begin("values");
  }
  return Infinity;
}

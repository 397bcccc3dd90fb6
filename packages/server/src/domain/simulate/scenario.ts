import type { Conduct, TrafficSettings } from "../compare/traffic.ts";
import type { Command, Person } from "../rollout/event.ts";
import type { EpochMs } from "../rollout/instant.ts";
import type { Sample } from "../rollout/sample.ts";

/** What happens around a rollout in a simulation. Times are milliseconds from the start. */
export interface Scenario {
  readonly startAt: EpochMs;
  /** What each metric says from an instant on, in its unit, until the next change; the earliest first. Before the first there is no data. */
  readonly metrics: { readonly [name: string]: readonly MetricChange[] };
  /** What the times of `metrics` count from; missing: the start. */
  readonly metricsFrom?: EpochMs;
  /** In the order of their times. */
  readonly events: readonly ScenarioEvent[];
  /** The last instant that is looked at. */
  readonly untilMs: number;
  /** What is taken for seen before exposure; null: nothing was. A metric that is not here has its value at the start, if any. */
  readonly baselines: { readonly [metric: string]: number | null };
  /** Made-up users, by compared metric; a metric that is not here is never compared. */
  readonly cohorts?: { readonly [metric: string]: CohortsTraffic };
  /**
   * `preconditions`: checks that no event ticks, drills, and conditions on metrics that the scenario doesn't mention count as met.
   * `nothing`: nothing does.
   */
  readonly assume: "preconditions" | "nothing";
}

/** From here on, until its next change, a metric gives this. */
export interface MetricChange {
  readonly atMs: number;
  readonly sample: Sample;
  /** To every condition of the plan it says the same as the one before: samplings that see no more than that can be left out. */
  readonly alike?: boolean;
}

/** Users who make requests, and how those fare who have the flag, and those who don't. */
export interface CohortsTraffic extends TrafficSettings {
  readonly on: readonly ConductChange[];
  readonly off: readonly ConductChange[];
}

/** From `atMs` on; the earliest first, which is at 0. */
export interface ConductChange extends Conduct {
  readonly atMs: number;
}

/** What happens, and when, in milliseconds from the start. */
export type ScenarioEvent = { readonly atMs: number } & ScenarioAct;

/** What somebody or something does. */
export type ScenarioAct =
  /** `planDigest` of an approval is filled in when it is played. */
  | { readonly kind: "command"; readonly person: Person; readonly command: ScenarioCommand }
  | { readonly kind: "signal"; readonly signal: string; readonly value?: number }
  /** A person kills the flag by hand. */
  | { readonly kind: "kill"; readonly by: string }
  | { readonly kind: "drill"; readonly tookMs: number }
  /** The server dies, and is back after `outageMs`; commands and signals that come in between are lost. */
  | { readonly kind: "crash"; readonly outageMs: number };

/** A person's command. A scenario's rollout is started by the simulation, and an approval's digest is filled in. */
export type ScenarioCommand =
  | Exclude<Command, { kind: "approve" } | { kind: "start" }>
  | { readonly kind: "approve"; readonly role: string };

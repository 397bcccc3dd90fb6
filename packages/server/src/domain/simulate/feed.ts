import type { Plan } from "../plan/types.ts";
import type { EpochMs } from "../rollout/instant.ts";
import type { Sample } from "../rollout/sample.ts";
import type { Scenario } from "./scenario.ts";

/** What the metrics of a scenario say, instant by instant; instants are asked for in rising order. */
export class Feed {
  readonly #from: EpochMs;
  readonly #tracks: readonly Track[];
  readonly #constants: { readonly [name: string]: Sample };
  /** Names of the metrics that every sampling has a value for. */
  readonly sampled: ReadonlySet<string>;

  constructor(plan: Plan, scenario: Scenario) {
    this.#from = scenario.metricsFrom ?? scenario.startAt;
    this.#tracks = Object.entries(scenario.metrics).map(([name, changes]) => ({ name, changes, next: 0, telling: 0 }));
    this.#constants = Object.fromEntries(Object.keys(plan.metrics).flatMap((name) => constantOf(plan, scenario, name)));
    this.sampled = new Set([...Object.keys(this.#constants), ...this.#tracks.map((track) => track.name)]);
  }

  samplesAt(at: EpochMs): { readonly [name: string]: Sample } {
    const atMs = at - this.#from;
    const samples: { [name: string]: Sample } = { ...this.#constants };
    for (const track of this.#tracks) {
      while ((track.changes[track.next]?.atMs ?? Infinity) <= atMs) track.next++;
      samples[track.name] = track.changes[track.next - 1]?.sample ?? NO_DATA;
    }
    return samples;
  }

  /** When some metric says something else to the plan next, after the instant that was asked for last. */
  nextChangeAt(): EpochMs {
    return this.#from + Math.min(...this.#tracks.map(nextTellingMs));
  }
}

interface Track {
  readonly name: string;
  readonly changes: Scenario["metrics"][string];
  /** Index of the first change that has not come yet. */
  next: number;
  /** Index of the first such change that is not alike, where it was looked for last. */
  telling: number;
}

function nextTellingMs(track: Track): number {
  const { changes, next } = track;
  track.telling = Math.max(track.telling, next);
  while (changes[track.telling]?.alike === true) track.telling++;
  return changes[track.telling]?.atMs ?? Infinity;
}

const NO_DATA: Sample = { kind: "noData", reason: "the scenario has no data" };

/** Queries that answer 0 where nothing matches, as `promql` triggers do, say 0 unless the scenario says otherwise. */
export function answersZero(plan: Plan, name: string): boolean {
  const source = plan.metrics[name]?.source;
  return source?.kind === "prometheus" && /\bor\s+vector\(0\)\s*$/.test(source.query);
}

/** What a metric says that the scenario doesn't mention. A signal says nothing: it is pushed, or not. */
function constantOf(plan: Plan, scenario: Scenario, name: string): readonly (readonly [string, Sample])[] {
  if (Object.hasOwn(scenario.metrics, name) || plan.metrics[name]?.source.kind === "signal") return [];
  const sample: Sample = answersZero(plan, name)
    ? { kind: "value", value: 0, ageMs: 0 }
    : { kind: "noData", reason: "the scenario doesn't mention it" };
  return [[name, sample]];
}

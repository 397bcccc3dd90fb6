import { Traffic, type Conduct } from "../compare/traffic.ts";
import { look, type Comparing } from "../comparing/look.ts";
import { isToBeTold, type Told } from "../comparing/news.ts";
import { LOOK_EVERY_MS, measuredMetrics, type MeasuredMetric } from "../comparing/tests-of.ts";
import type { Plan } from "../plan/types.ts";
import type { Comparison } from "../rollout/comparison.ts";
import type { RolloutEvent } from "../rollout/event.ts";
import type { EpochMs } from "../rollout/instant.ts";
import type { Dictionary } from "../rollout/lookup.ts";
import { isExposed, isOver, type RolloutState } from "../rollout/state.ts";
import { CountedTraffic } from "./counted-traffic.ts";
import type { CohortsTraffic, ConductChange, Scenario } from "./scenario.ts";

/** Requests that a simulation makes up at most: some seconds of work, eleven days at 100 a second. */
export const SIMULATION_REQUESTS_MAX = 100_000_000;
/** The users of one measured name. */
interface Crowd {
  readonly measured: MeasuredMetric;
  readonly settings: CohortsTraffic;
  readonly traffic: Traffic;
  counted?: CountedTraffic;
  comparing?: Comparing;
}

/** A scenario's made-up users, looked at every second as production looks at real ones: by the same function, at the same windows. */
export class Cohorts {
  readonly #plan: Plan;
  readonly #startAt: EpochMs;
  readonly #crowds: readonly Crowd[];
  #thousandths = 0;
  #lookedAt: EpochMs;
  #told: Told | undefined;
  /** Made up so far. */
  #requests = 0;

  constructor(plan: Plan, { cohorts = {}, startAt }: Scenario) {
    this.#plan = plan;
    this.#startAt = startAt;
    this.#lookedAt = startAt;
    this.#crowds = measuredMetrics(plan).flatMap((measured) => {
      const settings = measured.metrics.map(({ name }) => cohorts[name]).find((one) => one !== undefined);
      return settings === undefined ? [] : [{ measured, settings, traffic: new Traffic(settings) }];
    });
  }

  /** When the next second of traffic is over; undefined while there are no two cohorts to compare. */
  nextAt(state: RolloutState): EpochMs | undefined {
    if (this.#crowds.length === 0 || isOver(state) || !isExposed(state)) return undefined;
    if (state.percentage <= 0 || state.percentage >= 100 || state.stage === undefined) return undefined;
    const livedMs = Math.max(this.#lookedAt, state.now) - this.#startAt;
    return this.#startAt + (Math.floor(livedMs / LOOK_EVERY_MS) + 1) * LOOK_EVERY_MS;
  }

  get isExhausted(): boolean {
    return this.#requests > SIMULATION_REQUESTS_MAX;
  }

  /** Lives through a second, and says what the rollout has to hear of it. */
  look(state: RolloutState, now: EpochMs): RolloutEvent | undefined {
    const { stage } = state;
    if (stage === undefined) return undefined;
    this.#lookedAt = now;
    this.#follow(Math.round(state.percentage * 1000));
    const comparisons: Dictionary<Comparison> = Object.assign(
      {},
      ...this.#crowds.map((crowd) => this.#lookAt(crowd, state, now)),
    );
    const next: Told = { at: now, stage, comparisons };
    if (!isToBeTold(this.#told, next, { plan: this.#plan, state })) return undefined;
    this.#told = next;
    return { kind: "compared", at: now, stage, windowMs: LOOK_EVERY_MS, comparisons };
  }

  /** What was kept is read back. */
  crash(): void {
    this.#told = undefined;
    for (const crowd of this.#crowds)
      if (crowd.comparing) crowd.comparing = JSON.parse(JSON.stringify(crowd.comparing)) as Comparing;
  }

  /** At another percentage everything is counted anew. */
  #follow(thousandths: number): void {
    if (thousandths === this.#thousandths) return;
    this.#thousandths = thousandths;
    for (const crowd of this.#crowds) crowd.counted = new CountedTraffic(crowd.traffic, thousandths);
  }

  #lookAt(crowd: Crowd, { comparedEpochs = {} }: RolloutState, now: EpochMs): Dictionary<Comparison> {
    const { measured, settings, counted } = crowd;
    const atMs = now - LOOK_EVERY_MS - this.#startAt;
    const window = counted?.second([conductAt(settings.off, atMs), conductAt(settings.on, atMs)]);
    this.#requests += settings.requestsPerSecond;
    const next = look({
      measured,
      before: crowd.comparing,
      epochs: comparedEpochs,
      thousandths: this.#thousandths,
      window,
      sums: () => counted?.sums(),
      now,
    });
    for (const of of next.begins) counted?.begin(of);
    crowd.comparing = next.comparing;
    return next.comparisons;
  }
}

function conductAt(changes: readonly ConductChange[], atMs: number): Conduct {
  return changes.findLast((change) => change.atMs <= atMs) ?? { failureRate: 0, latency: 1 };
}

import type { JsonValue } from "@rampart/core";
import { look, type Comparing } from "../domain/comparing/look.ts";
import { isToBeTold, type Told } from "../domain/comparing/news.ts";
import { LOOK_EVERY_MS, measuredMetrics, type MeasuredMetric } from "../domain/comparing/tests-of.ts";
import type { Plan } from "../domain/plan/types.ts";
import type { Comparison } from "../domain/rollout/comparison.ts";
import type { EpochMs } from "../domain/rollout/instant.ts";
import { own, type Dictionary } from "../domain/rollout/lookup.ts";
import { isExposed } from "../domain/rollout/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import type { RolloutRow } from "../ports/rollout-store.ts";
import type { Measured, UnitIntake } from "../ports/unit-intake.ts";
import type { Fact } from "./facts.ts";

/** How far back is looked for what users without the flag were like. */
const CONTROL_MS = 30 * 60_000;

type Compared = Extract<Fact, { readonly kind: "compared" }>;

/** What a look comes to, and how to say whether the rollout has heard of it. */
export interface Finding {
  readonly fact: Compared;
  readonly settle: (isTold: boolean) => void;
}

/** A rollout as the comparer needs to know it. */
export interface ComparedRollout {
  readonly row: Pick<RolloutRow, "id" | "environment" | "flag" | "state">;
  readonly plan: Plan;
  /** The rollout's own time. */
  readonly now: EpochMs;
}

interface Watch {
  /** Whose look it is: of the units as they came to this server. */
  readonly holding: number;
  lookedAt: EpochMs;
  nextAt: EpochMs;
  told?: Told;
  /** What the rollout has not heard of yet: an alarm in it stays one until it has. */
  untold?: Told | undefined;
  isTelling: boolean;
  readonly comparing: Map<string, Comparing>;
}

/** Compares the cohorts of every exposed rollout once a second, from what SDKs report. */
export class Comparer {
  readonly #intake: UnitIntake & CohortCounts;
  readonly #clock: Pick<Clock, "now">;
  readonly #watched = new Map<string, Watch>();

  constructor(intake: UnitIntake & CohortCounts, clock: Pick<Clock, "now">) {
    this.#intake = intake;
    this.#clock = clock;
  }

  /** Looks if a second has passed; call it often. Undefined: there is nothing that the rollout has to hear. */
  look({ row, plan, now }: ComparedRollout): Finding | undefined {
    const { state } = row;
    const { stage } = state;
    const measured = measuredMetrics(plan);
    if (measured.length === 0 || !isExposed(state) || stage === undefined) {
      this.forget(row.id);
      return undefined;
    }
    const holding = this.#intake.holding();
    if (holding === undefined) return undefined;
    const watch = this.#watch(row.id, holding, now);
    if (now < watch.nextAt) return undefined;
    const windowMs = now - watch.lookedAt;
    watch.lookedAt = now;
    // Windows keep to their second however late a look is, unless looks were left out altogether.
    watch.nextAt = Math.max(watch.nextAt + LOOK_EVERY_MS, now + LOOK_EVERY_MS / 2);
    const all = measured.map((one) => this.#lookAt(one, { row, plan, now }, watch));
    const untold = watch.untold?.stage === stage ? watch.untold.comparisons : {};
    const comparisons = keepingAlarms(Object.assign({}, ...all), untold);
    const next: Told = { at: now, stage, comparisons };
    if (!isToBeTold(watch.told, next, { plan, state })) return undefined;
    watch.untold = next;
    // A store that is slow gets one at a time: what waits must not crowd out what people ask for.
    if (watch.isTelling) return undefined;
    watch.isTelling = true;
    return {
      fact: { kind: "compared", stage, windowMs, comparisons },
      settle: (isTold) => {
        watch.isTelling = false;
        if (!isTold) return;
        watch.told = next;
        if (watch.untold === next) watch.untold = undefined;
      },
    };
  }

  /** Nobody looks after the rollout any more. */
  forget(id: string): void {
    this.#watched.delete(id);
  }

  #watch(id: string, holding: number, now: EpochMs): Watch {
    const known = this.#watched.get(id);
    if (known?.holding === holding) return known;
    const watch: Watch = { holding, lookedAt: now, nextAt: now, isTelling: false, comparing: new Map() };
    this.#watched.set(id, watch);
    return watch;
  }

  /** What is reported is kept by the wall clock, whatever the rollout's own time says. */
  #control(measured: Measured): ArrayLike<number> | undefined {
    const to = this.#clock.now();
    return this.#intake.total(measured, { from: to - CONTROL_MS, to }, "off")?.bins;
  }

  /** Taking what came in, the step on it and keeping both are one turn: a crash never counts a unit twice. */
  #lookAt(metric: MeasuredMetric, { row, now }: ComparedRollout, { comparing }: Watch): Dictionary<Comparison> {
    const { environment, flag, state } = row;
    const measured: Measured = { environment, flag, metric: metric.measured };
    const before = comparing.get(metric.measured) ?? keptOf(this.#intake, measured);
    const next = look({
      measured: metric,
      before,
      epochs: state.comparedEpochs ?? {},
      thousandths: Math.round(state.percentage * 1000),
      window: this.#intake.drain(measured),
      sums: () => this.#intake.sums(measured),
      control: () => this.#control(measured),
      now,
    });
    for (const of of next.begins) this.#intake.beginEpoch(measured, of);
    comparing.set(metric.measured, next.comparing);
    this.#intake.keep(measured, jsonOf(next.comparing));
    return next.comparisons;
  }
}

/** Evidence comes and goes; that it was enough once is what counts, and must be heard. */
function keepingAlarms(found: Dictionary<Comparison>, untold: Dictionary<Comparison>): Dictionary<Comparison> {
  const all = Object.entries(found).map(([metric, comparison]) => {
    const rang = Object.entries(own(untold, metric)?.tests ?? {}).filter(([, { isAlarm }]) => isAlarm);
    return [metric, { ...comparison, tests: { ...comparison.tests, ...Object.fromEntries(rang) } }];
  });
  return Object.fromEntries(all);
}

/** It is plain JSON by its making; an interface just can't be shown to be. */
const jsonOf = (comparing: Comparing): JsonValue => comparing as unknown as JsonValue;

function keptOf(intake: UnitIntake, measured: Measured): Comparing | undefined {
  const kept = intake.kept(measured) as Partial<Comparing> | undefined;
  return kept?.version === 1 ? (kept as Comparing) : undefined;
}

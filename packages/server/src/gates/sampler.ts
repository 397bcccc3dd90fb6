import type { KeptAnswer } from "../domain/rollout/effect.ts";
import type { Metric, Plan } from "../domain/plan/types.ts";
import type { EpochMs } from "../domain/records.ts";
import type { Dictionary } from "../domain/rollout/lookup.ts";
import type { Sample } from "../domain/rollout/sample.ts";
import { keptAnswer } from "../domain/secrets/answer.ts";
import type { Scrub } from "../domain/secrets/scrub.ts";
import type { Clock } from "../ports/clock.ts";
import type { Meter } from "../ports/meter.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/** Kinds of metrics that are asked for; signals are pushed. */
export type PolledKind = Exclude<Metric["source"]["kind"], "signal">;

/** Who answers for each kind of metric. */
export type Providers = { readonly [K in PolledKind]: MetricProvider };

/** What one round of questions gave. */
export interface Sampling {
  readonly values: Dictionary<Sample>;
  /** The same as it was answered, for the evidence of what is decided on it. */
  readonly answers: readonly KeptAnswer[];
}

/** What samplings are made with. */
export interface SamplerParts {
  readonly providers: Providers;
  readonly clock: Clock;
  readonly meter: Pick<Meter, "rolloutLeg">;
  /** For what sources say in their own words. */
  readonly scrub: Scrub;
}

/** Asks all of a plan's polled metrics at once. Takes as long as the slowest, which its provider bounds. */
export async function sampleAll(plan: Plan, { providers, clock, meter, scrub }: SamplerParts): Promise<Sampling> {
  const at = clock.now();
  const startedMs = clock.monotonicMs();
  const asked = polled(plan).map(async ({ metric, kind }) => {
    const measurement = await providers[kind].sample(metric, at, plan);
    const sample = sampleOf(measurement, at, scrub);
    meter.rolloutLeg("ask", (clock.monotonicMs() - startedMs) / 1000);
    if (sample.kind === "value") meter.rolloutLeg("sampleAge", sample.ageMs / 1000);
    return { name: metric.name, sample, answer: answerOf(metric.name, measurement, at, scrub) };
  });
  const answered = await Promise.all(asked);
  return {
    values: Object.fromEntries(answered.map(({ name, sample }) => [name, sample] as const)),
    answers: answered.map(({ answer }) => answer),
  };
}

function answerOf(metric: string, measurement: Measurement, askedAt: EpochMs, scrub: Scrub): KeptAnswer {
  const about = { metric, askedAt, kind: measurement.kind };
  switch (measurement.kind) {
    case "value": {
      const { value, observedAt, raw } = measurement;
      return { ...about, value, observedAt, answer: scrub(keptAnswer(raw)) };
    }
    case "noData":
      return { ...about, reason: scrub(measurement.reason), answer: scrub(keptAnswer(measurement.raw)) };
    case "error":
      return { ...about, reason: scrub(measurement.reason) };
  }
}

/** What the named metrics were over the plan's baseline window; those of which nothing was found are left out. */
export async function captureBaselines(
  plan: Plan,
  names: readonly string[],
  providers: Providers,
  at: EpochMs,
): Promise<Dictionary<number>> {
  const range = { from: at - plan.baselineWindowMs, to: at };
  const wanted = polled(plan).filter(({ metric }) => names.includes(metric.name));
  const found = await Promise.all(
    wanted.map(async ({ metric, kind }) => {
      const got = await providers[kind].baseline(metric, range, plan);
      return got.kind === "value" ? [[metric.name, got.value] as const] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

function polled(plan: Plan): readonly { readonly metric: Metric; readonly kind: PolledKind }[] {
  return Object.values(plan.metrics).flatMap((metric) => {
    const { kind } = metric.source;
    return kind === "signal" ? [] : [{ metric, kind }];
  });
}

function sampleOf(measurement: Measurement, at: EpochMs, scrub: Scrub): Sample {
  switch (measurement.kind) {
    case "value":
      return { kind: "value", value: measurement.value, ageMs: Math.max(0, at - measurement.observedAt) };
    case "noData":
      return { kind: "noData", reason: scrub(measurement.reason) };
    case "error":
      return { kind: "error", reason: scrub(measurement.reason) };
  }
}

/** The age of the oldest of the values, as a field; none when there is no value. */
export function oldestAgeOf(samples: Dictionary<Sample>): { readonly dataAgeMs?: number } {
  const ages = Object.values(samples).flatMap((sample) => (sample?.kind === "value" ? [sample.ageMs] : []));
  return ages.length === 0 ? {} : { dataAgeMs: Math.max(...ages) };
}

import type { Metric, Plan } from "../domain/plan/types.ts";
import type { EpochMs } from "../domain/records.ts";
import type { Dictionary } from "../domain/rollout/lookup.ts";
import type { Sample } from "../domain/rollout/sample.ts";
import type { Clock } from "../ports/clock.ts";
import type { Meter } from "../ports/meter.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/** Kinds of metrics that are asked for; signals are pushed. */
export type PolledKind = Exclude<Metric["source"]["kind"], "signal">;

export type Providers = { readonly [K in PolledKind]: MetricProvider };

/** Asks all of a plan's polled metrics at once. Takes as long as the slowest, which its provider bounds. */
export async function sampleAll(
  plan: Plan,
  providers: Providers,
  clock: Clock,
  meter: Pick<Meter, "rolloutLeg">,
): Promise<Dictionary<Sample>> {
  const at = clock.now();
  const startedMs = clock.monotonicMs();
  const samples = polled(plan).map(async ({ metric, kind }) => {
    const sample = sampleOf(await providers[kind].sample(metric, at), at);
    meter.rolloutLeg("ask", (clock.monotonicMs() - startedMs) / 1000);
    if (sample.kind === "value") meter.rolloutLeg("sampleAge", sample.ageMs / 1000);
    return [metric.name, sample] as const;
  });
  return Object.fromEntries(await Promise.all(samples));
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
      const got = await providers[kind].baseline(metric, range);
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

function sampleOf(measurement: Measurement, at: EpochMs): Sample {
  switch (measurement.kind) {
    case "value":
      return { kind: "value", value: measurement.value, ageMs: Math.max(0, at - measurement.observedAt) };
    case "noData":
      return { kind: "noData", reason: measurement.reason };
    case "error":
      return { kind: "error", reason: measurement.reason };
  }
}

/** The age of the oldest of the values, as a field; none when there is no value. */
export function oldestAgeOf(samples: Dictionary<Sample>): { readonly dataAgeMs?: number } {
  const ages = Object.values(samples).flatMap((sample) => (sample?.kind === "value" ? [sample.ageMs] : []));
  return ages.length === 0 ? {} : { dataAgeMs: Math.max(...ages) };
}

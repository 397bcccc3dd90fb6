import type { Metric } from "../domain/plan/types.ts";
import { DRILL_FLAG, drillValuesIn } from "../domain/drill.ts";
import type { EpochMs } from "../domain/records.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/**
 * What metrics of rollouts on the drill flag are: healthy, until a breach is fed in. So a drill goes through sampling, triggers and
 * the rest as every rollout does, and asks nobody outside.
 */
export class DrillSource {
  readonly #breachedAt = new Map<string, EpochMs>();

  /** From now on the drill metrics of the environment are in breach. */
  breach(environment: string, at: EpochMs): void {
    this.#breachedAt.set(environment, at);
  }

  /** They are healthy again. */
  calm(environment: string): void {
    this.#breachedAt.delete(environment);
  }

  /** Since when they are in breach; undefined: they are not. */
  breachedAt(environment: string): EpochMs | undefined {
    return this.#breachedAt.get(environment);
  }

  /** The provider, but for rollouts on the drill flag. */
  before(provider: MetricProvider): MetricProvider {
    return {
      sample: (metric, at, subject) =>
        subject.flag === DRILL_FLAG
          ? Promise.resolve(this.#measure(metric, at, subject.environment))
          : provider.sample(metric, at, subject),
      baseline: (metric, range, subject) =>
        subject.flag === DRILL_FLAG
          ? Promise.resolve(noData("a drill has no past"))
          : provider.baseline(metric, range, subject),
    };
  }

  #measure({ source }: Metric, at: EpochMs, environment: string): Measurement {
    const values = source.kind === "prometheus" ? drillValuesIn(source.query) : undefined;
    if (values === undefined) return noData("only the plans that rampart drill makes are drilled");
    const value = this.#breachedAt.has(environment) ? values.breach : values.healthy;
    return { kind: "value", value, observedAt: at, raw: `drill ${value}` };
  }
}

const noData = (reason: string): Measurement => ({ kind: "noData", reason, raw: "" });

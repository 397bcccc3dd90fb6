import type { Metric } from "../domain/plan/types.ts";
import { DRILL_FLAG, drillValuesIn } from "../domain/drill.ts";
import type { EpochMs } from "../domain/records.ts";
import type { DrillBook } from "../ports/drill-book.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/**
 * What metrics of rollouts on the drill flag are: healthy, until a breach is fed in. So a drill goes through sampling, triggers and
 * the rest as every rollout does, and asks nobody outside.
 */
export class DrillSource {
  readonly book: DrillBook;

  constructor(book: DrillBook) {
    this.book = book;
  }

  /** The provider, but for rollouts on the drill flag. */
  before(provider: MetricProvider): MetricProvider {
    return {
      sample: (metric, at, subject) =>
        subject.flag === DRILL_FLAG
          ? this.#measure(metric, at, subject.environment)
          : provider.sample(metric, at, subject),
      baseline: (metric, range, subject) =>
        subject.flag === DRILL_FLAG
          ? Promise.resolve(noData("a drill has no past"))
          : provider.baseline(metric, range, subject),
    };
  }

  async #measure({ source }: Metric, at: EpochMs, environment: string): Promise<Measurement> {
    const values = source.kind === "prometheus" ? drillValuesIn(source.query) : undefined;
    if (values === undefined) return noData("only the plans that rampart drill makes are drilled");
    const value = (await this.book.breachedAt(environment)) === undefined ? values.healthy : values.breach;
    return { kind: "value", value, observedAt: at, raw: `drill ${value}` };
  }
}

const noData = (reason: string): Measurement => ({ kind: "noData", reason, raw: "" });

import type { Metric } from "../domain/plan/types.ts";
import type { EpochMs } from "../domain/records.ts";

/**
 * One look at a metric. Only `value` can ever make a condition true. `noData`: the provider answered, and there is nothing to compare (no
 * series, NaN, an infinity). `error`: it did not answer as it should; `configuration` when asking again can't help (several
 * series, a query it rejects, a forbidden address).
 */
export type Measurement =
  | {
      readonly kind: "value";
      readonly value: number;
      /** When the value was true, by the provider. */
      readonly observedAt: EpochMs;
      /** The provider's answer as it came, cut to 32 KiB, of which the evidence of decisive samples keeps what can be no secret. */
      readonly raw: string;
    }
  | { readonly kind: "noData"; readonly reason: string; readonly raw: string }
  | { readonly kind: "error"; readonly cause: "configuration" | "provider"; readonly reason: string };

/** What a rollout is about: for sources that know of flags. */
export interface Subject {
  readonly environment: string;
  readonly flag: string;
}

/** Asks one kind of source. Never rejects, and answers within its deadline. */
export interface MetricProvider {
  /** `at`: the round's instant, by the server's wall clock. */
  sample(metric: Metric, at: EpochMs, subject: Subject): Promise<Measurement>;
  /** The mean of what was seen between the two instants, as a baseline; `noData` where the source has no past. */
  baseline(
    metric: Metric,
    range: { readonly from: EpochMs; readonly to: EpochMs },
    subject: Subject,
  ): Promise<Measurement>;
}

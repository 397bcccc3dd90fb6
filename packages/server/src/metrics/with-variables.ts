import { resolveMetric } from "../domain/plan/secrets.ts";
import type { Metric } from "../domain/plan/types.ts";
import type { Variables } from "../domain/plan/view.ts";
import type { MetricHistory } from "../ports/metric-history.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/** A provider that is asked with the plan's `${VARS}` filled in. Their values go to the provider and nowhere else. */
export function withVariables(provider: MetricProvider, variables: Variables): MetricProvider {
  const ask = async (metric: Metric, how: (resolved: Metric) => Promise<Measurement>): Promise<Measurement> => {
    const resolved = resolveMetric(metric, variables);
    if (resolved.ok) return how(resolved.metric);
    return {
      kind: "error",
      cause: "configuration",
      reason: `${namesOf(resolved.missing)} is not set in the server's environment, or plans may not use it`,
    };
  };
  return {
    sample: (metric, at, subject) => ask(metric, (resolved) => provider.sample(resolved, at, subject)),
    baseline: (metric, range, subject) => ask(metric, (resolved) => provider.baseline(resolved, range, subject)),
  };
}

/** The same for what is asked about the past. */
export function historyWithVariables(history: MetricHistory, variables: Variables): MetricHistory {
  return {
    async read(metric, grid, mayGoOn) {
      const resolved = resolveMetric(metric, variables);
      if (resolved.ok) return history.read(resolved.metric, grid, mayGoOn);
      return {
        kind: "failed",
        reason: `${namesOf(resolved.missing)} is not set`,
        hint: "it comes from the environment; the command line takes --var NAME=value, too",
      };
    },
  };
}

const namesOf = (missing: readonly string[]): string => missing.map((name) => `\${${name}}`).join(" and ");

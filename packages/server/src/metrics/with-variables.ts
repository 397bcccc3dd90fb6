import { resolveMetric } from "../domain/plan/secrets.ts";
import type { Metric } from "../domain/plan/types.ts";
import type { Variables } from "../domain/plan/view.ts";
import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

/** A provider that is asked with the plan's `${VARS}` filled in. Their values go to the provider and nowhere else. */
export function withVariables(provider: MetricProvider, variables: Variables): MetricProvider {
  const ask = async (metric: Metric, how: (resolved: Metric) => Promise<Measurement>): Promise<Measurement> => {
    const resolved = resolveMetric(metric, variables);
    if (resolved.ok) return how(resolved.metric);
    const names = resolved.missing.map((name) => `\${${name}}`).join(" and ");
    return {
      kind: "error",
      cause: "configuration",
      reason: `${names} is not set in the server's environment, or plans may not use it`,
    };
  };
  return {
    sample: (metric, at, subject) => ask(metric, (resolved) => provider.sample(resolved, at, subject)),
    baseline: (metric, range, subject) => ask(metric, (resolved) => provider.baseline(resolved, range, subject)),
  };
}

import type { Metric, MetricSource } from "../domain/plan/types.ts";
import type { Egress, EgressRequest } from "../ports/egress.ts";

/** A metric's source that is asked in PromQL. */
export type PrometheusSource = Extract<MetricSource, { kind: "prometheus" }>;

/** By which way, and whom, Prometheus is asked. */
export interface PrometheusOptions {
  readonly egress: Egress;
  /** For metrics that name no server. */
  readonly defaultUrl?: string;
}

/** @throws for another kind of metric: a mistake in who asks. */
export function sourceOf(metric: Metric): PrometheusSource {
  if (metric.source.kind !== "prometheus")
    throw new Error(`the Prometheus provider was asked for a metric of kind ${metric.source.kind}`);
  return metric.source;
}

/** What is asked, of `base` with `path` behind it. POST, because a query may be longer than a URL. */
export function questionFor(
  { query, headers }: PrometheusSource,
  { base, path }: { readonly base: string; readonly path: string },
  parameters: Readonly<Record<string, string>>,
  limits: Pick<EgressRequest, "timeoutMs" | "bodyBytesMax">,
): EgressRequest {
  return {
    url: `${base.replace(/\/+$/, "")}${path}`,
    method: "POST",
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ query, timeout: `${limits.timeoutMs}ms`, ...parameters }).toString(),
    ...limits,
  };
}

/** Epoch milliseconds as Prometheus reads them. */
export function unixSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

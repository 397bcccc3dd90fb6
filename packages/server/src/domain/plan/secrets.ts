import { fillTemplate, variablesOf } from "./grammar/template.ts";
import type { Metric, MetricSource, Plan, ResolvedSource, Template } from "./types.ts";

/** A metric that its provider can ask for, or why it can't. */
export type ResolvedMetric =
  | { readonly ok: true; readonly metric: Metric & { readonly source: ResolvedSource } }
  /** Variables that are not set. Nothing of their values is told, since there are none. */
  | { readonly ok: false; readonly missing: readonly string[] };

/**
 * Fills the variables in a metric's url and headers in: the only place where their values appear. What comes back is for the metric's
 * provider and is kept nowhere.
 */
export function resolveMetric(metric: Metric, variables: (name: string) => string | undefined): ResolvedMetric {
  const missing = new Set<string>();
  const source = resolved(metric.source, (template) =>
    fillTemplate(template, (name) => {
      const value = variables(name);
      if (value === undefined) missing.add(name);
      return value ?? "";
    }),
  );
  return missing.size === 0 ? { ok: true, metric: { ...metric, source } } : { ok: false, missing: [...missing] };
}

/** Names of all variables that the plan needs, in alphabetical order. */
export function variablesOfPlan(plan: Plan): readonly string[] {
  const names = new Set<string>();
  for (const { source } of Object.values(plan.metrics)) {
    for (const template of templatesOf(source)) {
      const found = variablesOf(template);
      if (found.ok) for (const name of found.value) names.add(name);
    }
  }
  return [...names].toSorted();
}

function templatesOf(source: MetricSource): readonly Template[] {
  switch (source.kind) {
    case "prometheus":
      return [...(source.url === undefined ? [] : [source.url]), ...Object.values(source.headers)];
    case "http":
      return [source.url, ...Object.values(source.headers)];
    case "signal":
    case "sdk":
      return [];
  }
}

function resolved(source: MetricSource, fill: (template: Template) => string): ResolvedSource {
  const headers = (templates: { readonly [name: string]: Template }) =>
    Object.fromEntries(Object.entries(templates).map(([name, value]) => [name, fill(value)]));
  switch (source.kind) {
    case "prometheus":
      return brand({
        ...source,
        headers: headers(source.headers),
        ...(source.url === undefined ? {} : { url: fill(source.url) }),
      });
    case "http":
      return brand({ ...source, headers: headers(source.headers), url: fill(source.url) });
    case "signal":
    case "sdk":
      return brand(source);
  }
}

const brand = (source: MetricSource): ResolvedSource => source as ResolvedSource;

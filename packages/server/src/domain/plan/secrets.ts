import { fillTemplate, variablesOf } from "./grammar/template.ts";
import type { MetricSource, Plan, ResolvedSource, Template } from "./types.ts";

export type ResolvedSecrets =
  | { readonly ok: true; readonly sources: { readonly [metric: string]: ResolvedSource } }
  /** Variables that are not set, each with the metrics that need it. Nothing of their values is told, since there are none. */
  | {
      readonly ok: false;
      readonly missing: readonly { readonly variable: string; readonly metrics: readonly string[] }[];
    };

/**
 * Fills the variables in urls and headers of the plan's metrics in: the only place where their values appear. What comes back is for
 * the metric providers and is kept nowhere.
 */
export function resolveSecrets(plan: Plan, variables: (name: string) => string | undefined): ResolvedSecrets {
  const missing = new Map<string, string[]>();
  const sources: { [metric: string]: ResolvedSource } = Object.create(null);
  for (const metric of Object.values(plan.metrics)) {
    const fill = (template: Template): string =>
      fillTemplate(template, (name) => {
        const value = variables(name);
        if (value === undefined) missing.set(name, [...new Set([...(missing.get(name) ?? []), metric.name])]);
        return value ?? "";
      });
    sources[metric.name] = resolved(metric.source, fill);
  }
  if (missing.size === 0) return { ok: true, sources };
  return { ok: false, missing: [...missing].map(([variable, metrics]) => ({ variable, metrics })) };
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

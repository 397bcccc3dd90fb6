import { describe, expect, it } from "vitest";
import { parsePlan } from "./parse.ts";
import { resolveMetric, variablesOfPlan } from "./secrets.ts";
import { SAMPLE } from "./testing/sample.ts";
import { planOf } from "./testing/plan.ts";
import type { Metric } from "./types.ts";

const VALUES: { readonly [name: string]: string } = {
  PROMETHEUS_URL: "http://prometheus:9090",
  HEALTH_TOKEN: "s3cr3t ${PROMETHEUS_URL}",
};
const variables = (name: string): string | undefined => VALUES[name];

function metricOf(name: string): Metric {
  const metric = planOf(SAMPLE).metrics[name];
  if (metric === undefined) throw new Error(`the sample has no metric ${name}`);
  return metric;
}

describe("variables of a plan", () => {
  it("are named", () => {
    expect(variablesOfPlan(planOf(SAMPLE))).toEqual(["HEALTH_TOKEN", "PROMETHEUS_URL"]);
  });

  it("never get into the plan, its digest or its warnings", () => {
    const result = parsePlan(SAMPLE, { variables });
    expect(result.ok).toBe(true);
    expect(JSON.stringify(result)).not.toMatch(/s3cr3t|prometheus:9090/);
    expect(result.ok && result.plan.digest).toBe(planOf(SAMPLE).digest);
  });

  it("are filled in at the edge, in urls and headers, once", () => {
    const filled = (name: string) => {
      const resolved = resolveMetric(metricOf(name), variables);
      return resolved.ok ? resolved.metric.source : resolved.missing;
    };
    expect(filled("error_rate")).toMatchObject({ url: "http://prometheus:9090" });
    expect(filled("health")).toMatchObject({ headers: { authorization: "Bearer s3cr3t ${PROMETHEUS_URL}" } });
    expect(filled("tickets")).toEqual({ kind: "signal", signal: "support_tickets" });
  });

  it("that are not set are told by name", () => {
    expect(resolveMetric(metricOf("error_rate"), () => undefined)).toEqual({ ok: false, missing: ["PROMETHEUS_URL"] });
  });
});

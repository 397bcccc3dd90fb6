import { describe, expect, it } from "vitest";
import { parsePlan } from "./parse.ts";
import { resolveSecrets, variablesOfPlan } from "./secrets.ts";
import { SAMPLE } from "./testing/sample.ts";
import { planOf } from "./testing/plan.ts";

const VALUES: { readonly [name: string]: string } = {
  PROMETHEUS_URL: "http://prometheus:9090",
  HEALTH_TOKEN: "s3cr3t ${PROMETHEUS_URL}",
};
const variables = (name: string): string | undefined => VALUES[name];

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
    const result = resolveSecrets(planOf(SAMPLE), variables);
    if (!result.ok) throw new Error("all variables are set");
    expect(result.sources["error_rate"]).toMatchObject({ url: "http://prometheus:9090" });
    expect(result.sources["health"]).toMatchObject({ headers: { authorization: "Bearer s3cr3t ${PROMETHEUS_URL}" } });
    expect(result.sources["tickets"]).toEqual({ kind: "signal", signal: "support_tickets" });
  });

  it("that are not set are told by name, with the metrics that need them", () => {
    const result = resolveSecrets(planOf(SAMPLE), (name) => (name === "HEALTH_TOKEN" ? "x" : undefined));
    expect(result).toEqual({ ok: false, missing: [{ variable: "PROMETHEUS_URL", metrics: ["error_rate"] }] });
  });
});

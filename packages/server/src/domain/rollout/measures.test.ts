import type { FlagConfig, FlagDefinition } from "@rampart/core";
import { defaultConfig, defaultVariants } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { Metric, MetricSource, Plan } from "../plan/types.ts";
import { actOnFlag, type FlagEffect } from "./act-on-flag.ts";
import { measuresOf } from "./measures.ts";

const DEFINITION: FlagDefinition = {
  key: "checkout",
  type: "boolean",
  description: "",
  variants: defaultVariants("boolean"),
  tags: [],
};
const MEASURES = ["run", "upload"];
const RAMP: FlagEffect = { kind: "setPercentage", percentage: 5, why: "stage", stage: "canary", leaseMs: 25_000 };

function after(config: FlagConfig, ...effects: readonly FlagEffect[]): FlagConfig {
  const record = { environment: "production", key: "checkout", config, revision: 1, updatedAt: 0, updatedBy: "x" };
  const decision = actOnFlag(record, DEFINITION, effects, MEASURES);
  if (decision.kind === "refuse") throw new Error(decision.problem.detail);
  return decision.kind === "write" ? decision.next : config;
}

describe("what SDKs measure for a rollout", () => {
  it("is what the plan's own metrics are made of, by the names that SDKs know, each once", () => {
    const sdk = (metric?: string): MetricSource => ({
      kind: "sdk",
      measure: "error_rate",
      cohort: "on",
      windowMs: 60_000,
      minEvents: 0,
      ...(metric === undefined ? {} : { metric }),
    });
    const sources: readonly MetricSource[] = [sdk("upload"), sdk(), sdk("upload"), { kind: "signal", signal: "s" }];
    const metrics = sources.map((source, place): [string, Metric] => [
      `m${place}`,
      { name: `m${place}`, unit: "ratio", source },
    ]);
    const plan: Pick<Plan, "metrics"> = { metrics: Object.fromEntries(metrics) };
    expect(measuresOf(plan)).toEqual(["run", "upload"]);
    expect(measuresOf({ metrics: {} })).toEqual([]);
  });

  it("is written to the flag when the rollout starts, stays through its stages and a rollback, and is gone at its end", () => {
    const idle = defaultConfig(DEFINITION);
    const started = after(idle, { kind: "measure" });
    expect(started).toEqual({ ...idle, measures: MEASURES });
    const ramped = after(started, RAMP);
    expect(ramped).toMatchObject({ measures: MEASURES, leaseMs: 25_000, fallthrough: { percentage: 5 } });
    const killed = after(ramped, { kind: "kill", cause: { kind: "trigger", subject: "errors" } });
    expect(killed).toMatchObject({ measures: MEASURES, enabled: false });
    const over = after(killed, { kind: "release" });
    expect(over).not.toHaveProperty("measures");
    expect(over).not.toHaveProperty("leaseMs");
  });

  it("is nothing for a plan that asks SDKs for nothing", () => {
    const idle = defaultConfig(DEFINITION);
    const record = {
      environment: "production",
      key: "checkout",
      config: idle,
      revision: 1,
      updatedAt: 0,
      updatedBy: "x",
    };
    expect(actOnFlag(record, DEFINITION, [{ kind: "measure" }])).toEqual({ kind: "keep" });
  });
});

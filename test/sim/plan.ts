import { defaultConfig, defaultVariants } from "@rampart/core";
import { parsePlan } from "../../packages/server/src/domain/plan/parse.ts";
import type { Plan } from "../../packages/server/src/domain/plan/types.ts";

export const ENVIRONMENT = "production";
export const FLAG = "checkout";

export const INTERVAL_MS = 1_000;
/** Below this the criterion passes. */
export const HEALTHY_MAX = 0.01;

export const PLAN_TEXT = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: simulated }
spec:
  flag: ${FLAG}
  environment: ${ENVIRONMENT}
  interval: 1s
  lease: 10s
  metrics: { error_rate: { prometheus: { query: errors }, unit: ratio } }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 2s, action: rollback }
    - { name: elevated, when: "error_rate >= 2%", for: 4s, action: pause }
  stages:
    - { name: one, percentage: 5, duration: 4s, criteria: [ { require: "error_rate < 1%", for: 3s } ] }
    - { name: two, percentage: 50, duration: 6s }
    - { name: three, percentage: 90, duration: 6s }
    - { name: four, percentage: 100, duration: 1h }
  rollback: { verify: { within: 20s, criteria: [ { require: "error_rate < 1%", for: 2s } ] } }
`;

export const PLAN: Plan = parsed(PLAN_TEXT);

export const DEFINITION = {
  key: FLAG,
  type: "boolean" as const,
  description: "",
  variants: defaultVariants("boolean"),
  tags: [],
};
export const CONFIG = defaultConfig(DEFINITION);

function parsed(text: string): Plan {
  const result = parsePlan(text);
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return result.plan;
}

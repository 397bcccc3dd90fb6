import type { MetricSourceOfDemo } from "./metrics-server.ts";

/** The flag of the first scene, and the one of the second. */
export const FLAG = "new-checkout";
/** The flag of the second scene, which a comparison takes back. */
export const COMPARED_FLAG = "new-search";

/**
 * The demo's plan: a real one with its minutes made seconds. Where it asks for the error rate depends on what is there to ask: the sample
 * service itself, or a Prometheus that scrapes it.
 */
export function planText(source: MetricSourceOfDemo): string {
  return `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: demo, title: "The demo: a new checkout" }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  metrics:
    error_rate: { ${metricText(source)}, unit: ratio }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 1s, action: rollback, severity: P0 }
  stages:
    - { name: one,     percentage: 1,   duration: 3s, criteria: [ { require: "error_rate < 1%", for: 2s } ] }
    - { name: canary,  percentage: 5,   duration: 3s }
    - { name: quarter, percentage: 25,  duration: 3s }
    - { name: half,    percentage: 50,  duration: 3s }
    - { name: full,    percentage: 100, duration: 30s }
  rollback:
    verify: { within: 20s, criteria: [ { require: "error_rate < 1%", for: 2s } ] }
`;
}

/** The plan of the second scene: the same threshold, which a fault at 5 % stays far below, and a comparison of the users themselves. */
export function comparedPlanText(source: MetricSourceOfDemo): string {
  return `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: demo-compared, title: "The demo: a new search" }
spec:
  flag: ${COMPARED_FLAG}
  environment: production
  interval: 1s
  metrics:
    error_rate: { ${metricText(source)}, unit: ratio }
    search_errors: { sdk: { measure: error_rate, cohort: on } }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 1s, action: rollback, severity: P0 }
    - { name: regression, compare: search_errors, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5,  duration: 30s }
    - { name: half,   percentage: 50, duration: 30s }
  rollback:
    verify: { within: 20s, criteria: [ { require: "error_rate < 1%", for: 2s } ] }
`;
}

function metricText(source: MetricSourceOfDemo): string {
  switch (source.kind) {
    case "http":
      return `http: { url: "${source.url}", measure: { pointer: /errorRate } }`;
    case "prometheus":
      return `prometheus: { url: "${source.url}", query: '(sum(rate(http_requests_total{status="500"}[5s])) or vector(0)) / sum(rate(http_requests_total[5s]))' }`;
  }
}

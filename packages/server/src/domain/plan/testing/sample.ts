/** A plan that uses most of the format; tests break it in one place at a time. */
export const SAMPLE = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: phase-9-slice-b, title: "Phase 9: production canary", change: { id: CHG-2025100601, risk: medium } }
spec:
  flag: sliceB_documents
  environment: production
  interval: 10s
  window: { from: "02:00", to: "04:00", timezone: UTC }
  metrics:
    error_rate: { prometheus: { url: "\${PROMETHEUS_URL}", query: 'sum(rate(http_requests_total{status=~"5.."}[2m])) / sum(rate(http_requests_total[2m]))' }, unit: ratio }
    p95: { prometheus: { query: 'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[2m])) by (le))' }, unit: seconds }
    health: { http: { url: "https://portal.example/v1/health", headers: { authorization: "Bearer \${HEALTH_TOKEN}" }, expect: { status: 200 } } }
    tickets: { signal: support_tickets }
    adoption: { signal: adoption, unit: ratio }
    upload_errors: { sdk: { measure: error_rate, cohort: on } }
  preconditions:
    - { check: "Feature flag system operational" }
    - { drill: { within: 7d, under: 30s } }
    - { require: "health >= 99.9%", for: 5m }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 2m, action: rollback, severity: P0 }
    - { name: slow, when: "p95 >= 1000ms", for: 2m, action: rollback, severity: P1 }
    - { name: elevated, when: "error_rate >= 1%", for: 15m, action: pause, severity: P1 }
    - { name: tickets, when: "tickets >= baseline + 25%", action: pause }
    - { name: security, signal: security_incident, action: rollback, severity: P0 }
    - { name: regression, compare: { metric: upload_errors, worseBy: 25%, alpha: 0.005 }, action: rollback }
  stages:
    - { name: canary, percentage: 5, duration: 24h, timeout: 36h, criteria: [{ require: "p95 < 500ms", for: 24h }] }
    - name: quarter
      percentage: 25
      duration: 48h
      criteria: [{ require: "adoption >= 50%" }]
      triggers: [{ name: errors, when: "error_rate >= 3%", for: 5m, action: rollback }]
      approvals: [{ role: engineering-lead }]
      checklist: ["User feedback neutral or positive"]
    - { name: full, percentage: 100, duration: 30m }
  rollback: { verify: { within: 5m, criteria: [{ require: "error_rate < 1%" }] }, checklist: [{ item: "Preserve logs and metrics", within: 1h }] }
  notify:
    - { on: [rollback, escalation], severity: [P0, P1], to: [oncall-pagerduty, eng-slack] }
  escalation: [{ after: 0m, to: [oncall-pagerduty] }, { after: 15m, to: [devops-lead] }, { after: 30m, to: [everyone] }]
`;

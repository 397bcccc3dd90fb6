/** The simplest plan: three stages, and one signal that takes everything back. */
export const FIRST_PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: my-first-plan, title: "My first rollout" }
spec:
  flag: new-search
  environment: production
  interval: 1s
  triggers:
    - { name: somebody-complains, signal: complaint, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5, duration: 30s, timeout: 10m }
    - { name: half, percentage: 50, duration: 30s, timeout: 10m }
    - { name: everybody, percentage: 100, duration: 30s, timeout: 10m }
`;

/** What to try it with. */
export const FIRST_SCENARIO = `# What would happen if somebody complains after 45 seconds?
events:
  - { at: 45s, signal: { name: complaint } }
until: 5m
`;

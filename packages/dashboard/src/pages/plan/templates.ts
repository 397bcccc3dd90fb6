/** A plan to begin from. Its text is loaded when it is chosen. */
export interface Template {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly plan: () => Promise<string>;
  /** What to try it with. */
  readonly scenario: () => Promise<string>;
}

/** The examples say in comments which line of a team's document each of theirs stands for; here they would be in the way. */
const text = async (module: Promise<{ readonly default: string }>): Promise<string> =>
  (await module).default
    .replace(/^(?:#.*\n|\n)+/, "")
    .replaceAll(/^[ ]*# (?:doc|out):.*\n/gm, "")
    .replaceAll(/[ ]+# doc:.*$/gm, "");

/** The plans that come with Rampart, the simplest first. */
export const TEMPLATES: readonly Template[] = [
  {
    name: "first",
    title: "Three stages, one signal",
    about: "5, 50 and 100 % of users in a minute and a half; any complaint takes it back. Needs no metrics.",
    plan: async () => (await import("./first.ts")).FIRST_PLAN,
    scenario: async () => (await import("./first.ts")).FIRST_SCENARIO,
  },
  {
    name: "phase-9-slice-b",
    title: "Canary with approvals and on-call",
    about: "Five to a hundred percent over days, Prometheus metrics, approvals by role, escalation.",
    plan: () => text(import("@rampart/examples/plans/phase-9-slice-b.yaml?raw")),
    scenario: () => text(import("@rampart/examples/scenarios/phase-9-slice-b.breach.yaml?raw")),
  },
  {
    name: "portal-api-v1",
    title: "A public API, step by step",
    about: "Health checks, latency and error rates in every stage, with a maintenance window.",
    plan: () => text(import("@rampart/examples/plans/portal-api-v1.yaml?raw")),
    scenario: () => text(import("@rampart/examples/scenarios/portal-api-v1.breach.yaml?raw")),
  },
  {
    name: "portal-api-rc1",
    title: "A release candidate",
    about: "A shorter ramp that people watch, with a checklist for each stage.",
    plan: () => text(import("@rampart/examples/plans/portal-api-rc1.yaml?raw")),
    scenario: () => text(import("@rampart/examples/scenarios/portal-api-rc1.breach.yaml?raw")),
  },
  {
    name: "flexoraa-backend",
    title: "A back end with many dependencies",
    about: "Deliveries, database pool, caches and spending, each with a limit of its own.",
    plan: () => text(import("@rampart/examples/plans/flexoraa-backend.yaml?raw")),
    scenario: () => text(import("@rampart/examples/scenarios/flexoraa-backend.breach.yaml?raw")),
  },
  {
    name: "spark-trading",
    title: "Where money moves",
    about: "Tight limits, slow stages, hard stops.",
    plan: () => text(import("@rampart/examples/plans/spark-trading.yaml?raw")),
    scenario: () => text(import("@rampart/examples/scenarios/spark-trading.breach.yaml?raw")),
  },
];

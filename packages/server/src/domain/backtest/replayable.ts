import { compareText } from "../plan/compared.ts";
import type { Criterion, Metric, Plan, Precondition, Stage, Trigger } from "../plan/types.ts";
import { own } from "../rollout/lookup.ts";

/** What the past says nothing about, and why. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

type Test = Trigger["test"] | Criterion["test"];

/** A plan as far as the history of its metrics can be played against it. */
export interface Replayable {
  readonly plan: Plan;
  readonly leftOut: readonly LeftOut[];
  /** What people do, and what is taken for done. */
  readonly granted: readonly string[];
}

/**
 * The plan without what no history tells of: triggers, criteria and preconditions on anything but Prometheus, and what people do.
 * Approvals, checks, checklists and drills count as given; nobody is told anything.
 */
export function replayable(plan: Plan, intervalMs: number): Replayable {
  const silent = new Map<string, LeftOut>();
  const isTold = (what: string, test: Test): boolean => {
    const why = silence(plan, test);
    if (why !== undefined) silent.set(what, { what, why });
    return why === undefined;
  };
  const criteriaOf = (criteria: readonly Criterion[]): readonly Criterion[] =>
    criteria.filter(({ test }) => isTold(`criterion ${testText(test)}`, test));
  const stages = plan.stages.map((stage): Stage => ({
    ...stage,
    triggers: stage.triggers.filter(({ name, test }) => isTold(`trigger ${name} (${testText(test)})`, test)),
    criteria: criteriaOf(stage.criteria),
    approvals: [],
    checklist: [],
  }));
  const preconditions = plan.preconditions.filter(
    (one) => one.kind === "criterion" && isTold(`precondition ${testText(one.criterion.test)}`, one.criterion.test),
  );
  return {
    plan: {
      ...plan,
      intervalMs,
      metrics: Object.fromEntries(Object.entries(plan.metrics).filter(([, metric]) => hasHistory(metric))),
      preconditions,
      stages,
      rollback: { checklist: [] },
      completion: { checklist: [], reviews: [] },
      notify: [],
      escalation: [],
    },
    leftOut: [...silent.values(), ...(plan.rollback.verify === undefined ? [] : [NO_RECOVERY])],
    granted: grantedIn(plan),
  };
}

function hasHistory({ source }: Metric): boolean {
  return source.kind === "prometheus";
}

/** Why the past can't say how a test came out; undefined: it can. */
function silence(plan: Plan, test: Test): string | undefined {
  switch (test.kind) {
    case "condition":
      return silenceOf(own(plan.metrics, test.condition.metric));
    case "signal":
      return NO_SIGNALS;
    case "compare":
      return "nobody was with the flag and without it at the same time";
  }
}

const NO_RECOVERY: LeftOut = {
  what: "rollback.verify",
  why: "whether a rollback helps shows only where people had the flag",
};

const NO_SIGNALS = "what was pushed as a signal is in no history";

function silenceOf(metric: Metric | undefined): string | undefined {
  switch (metric?.source.kind) {
    case "prometheus":
      return undefined;
    case "signal":
      return NO_SIGNALS;
    case "http":
      return "an address answers for the present only";
    case "sdk":
      return "SDKs measure for a rollout while it goes on";
    case undefined:
      return "the plan has no such metric";
  }
}

function testText(test: Test): string {
  if (test.kind === "condition") return test.condition.text;
  if (test.kind === "signal") return `signal ${test.signal}`;
  return "within" in test ? `${test.within.metric} compared` : compareText(test.compare);
}

function grantedIn(plan: Plan): readonly string[] {
  const of = (kind: Precondition["kind"]): boolean => plan.preconditions.some((one) => one.kind === kind);
  return [
    ...(of("check") ? ["the preconditions that people tick"] : []),
    ...(of("drill") ? ["a recent drill"] : []),
    ...(plan.stages.some((stage) => stage.approvals.length > 0) ? ["every approval, at once"] : []),
    ...(plan.stages.some((stage) => stage.checklist.length > 0) ? ["every stage's checklist"] : []),
  ];
}

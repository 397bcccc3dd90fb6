import { actorName, measure, rolloutCauseWords } from "@rampart/core";
import { capital } from "../capital.ts";
import { instantOf } from "../instant.ts";
import type { MetricUnit, NotifyEvent, Plan } from "../plan/types.ts";
import type { Cause } from "../rollout/cause.ts";
import type { Notify } from "../rollout/effect.ts";
import { sentence } from "../rollout/sentence.ts";
import { own } from "../rollout/lookup.ts";
import { statusOf, type RolloutState } from "../rollout/state.ts";
import {
  FILLED_LENGTH_MAX,
  fillPlaceholders,
  type Placeholder,
  type TemplateValues,
} from "../plan/grammar/placeholders.ts";

/** One thing worth knowing: `Value` / `6.1%`. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What people read, before a channel gives it its form. Plain text, no markup. */
export interface Message {
  /** One line: what, on which flag, where. */
  readonly title: string;
  /** What happened, and what happens next. */
  readonly text: string;
  readonly facts: readonly Fact[];
  /** For channels with a text of their own. */
  readonly values?: TemplateValues;
}

/** A fact is cut at this many characters: it is one line in a message, and the rollout has the whole. */
const FACT_LENGTH_MAX = 500;

/**
 * What is said of a notification, as the rollout stands right after it. `words`: the plan's own, in place of the event's; their
 * placeholders are filled in.
 */
export function messageOf(plan: Plan, state: RolloutState, notify: Notify, words?: string): Message {
  const severity = notify.severity === undefined ? "" : `[${notify.severity}] `;
  const { cause } = notify;
  const values = valuesOf(plan, state, notify);
  const filled = words === undefined ? undefined : clip(fillPlaceholders(words, values), FILLED_LENGTH_MAX);
  const said =
    filled === undefined ? notify.subject : words === notify.subject ? filled : `${filled} (${notify.subject})`;
  return {
    title: `${severity}${HEADLINES[notify.event]}: ${plan.flag} in ${plan.environment}`,
    text: `${capital(said)}.\n${sentence(plan, state)}`,
    facts: [
      ...(cause === undefined ? [] : causeFacts(plan, cause)),
      ...fact("Stage", notify.stage),
      ...fact("Now", `${statusOf(state)} at ${state.percentage} %`),
      ...fact("Plan", plan.title),
      ...fact("Change", plan.change?.id),
    ],
    values,
  };
}

function valuesOf(plan: Plan, state: RolloutState, { event, severity, stage, subject, cause }: Notify): TemplateValues {
  const facts = new Map((cause === undefined ? [] : causeFacts(plan, cause)).map(({ name, value }) => [name, value]));
  const values: { readonly [name in Placeholder]: string | undefined } = {
    flag: plan.flag,
    environment: plan.environment,
    plan: plan.title,
    change: plan.change?.id,
    event: HEADLINES[event],
    what: capital(subject),
    severity,
    stage,
    percentage: `${state.percentage} %`,
    status: statusOf(state),
    next: sentence(plan, state),
    cause: facts.get("Why"),
    condition: facts.get("Condition"),
    value: facts.get("Value"),
    threshold: facts.get("Threshold"),
    since: facts.get("Since"),
    by: facts.get("By"),
    reason: facts.get("Reason"),
  };
  const told = Object.entries(values).flatMap(([name, value]) => (value ? [[name, clip(value, FACT_LENGTH_MAX)]] : []));
  return Object.fromEntries(told) as TemplateValues;
}

const HEADLINES: { readonly [event in NotifyEvent]: string } = {
  scheduled: "Scheduled",
  started: "Started",
  stage: "Stage begun",
  stageDone: "Stage done",
  awaiting: "Waiting for people",
  reminder: "Still waiting",
  paused: "Paused",
  resumed: "Resumed",
  trigger: "Trigger fired",
  noData: "No data",
  timeout: "Stage timed out",
  rollback: "Rolled back",
  recovered: "Recovered",
  notRecovered: "Not recovered",
  completed: "Completed",
  cancelled: "Cancelled",
  escalation: "Escalated",
  acknowledged: "Acknowledged",
  summary: "Summary",
  review: "Review",
  overdue: "Overdue",
  notice: "Notice",
};

function causeFacts(plan: Plan, cause: Cause): readonly Fact[] {
  const unit = unitOf(plan, cause.condition);
  const measured = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : measure(value, unit);
  return [
    ...fact("Why", rolloutCauseWords(cause)),
    ...fact("Condition", cause.condition),
    ...fact("Value", measured(cause.value)),
    ...fact("Threshold", measured(cause.threshold)),
    ...fact("Since", cause.since === undefined ? undefined : instantOf(cause.since)),
    ...fact("By", cause.by === undefined ? undefined : actorName(cause.by)),
    ...fact("Reason", cause.reason),
    ...fact("Comparison", cause.comparison),
  ];
}

/** Conditions begin with the metric that they are about. */
function unitOf(plan: Plan, condition: string | undefined): MetricUnit {
  const [metric = ""] = condition?.split(/[\s<>=!]/, 1) ?? [];
  return own(plan.metrics, metric)?.unit ?? "none";
}

function fact(name: string, value: string | undefined): readonly Fact[] {
  return value === undefined || value === "" ? [] : [{ name, value: clip(value, FACT_LENGTH_MAX) }];
}

/** A text of at most `lengthMax` characters (UTF-16), its end marked where it was cut; never half a character. */
export function clip(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const cut = text.slice(0, Math.max(0, lengthMax - 1));
  return `${cut.replace(/[\uD800-\uDBFF]$/, "")}…`;
}

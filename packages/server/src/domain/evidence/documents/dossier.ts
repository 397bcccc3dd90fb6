import { measure } from "@rampart/core";
import type { EvidenceView, MetricSeriesView } from "@rampart/core";
import { decisionLines } from "./incident-report.ts";
import { document, fenced, fields, moment, person, plain, table } from "./markdown.ts";
import { checklistLines } from "./success-record.ts";
import { eventSentence, unitsOf, type Units } from "./words.ts";

/** All that was kept: the grounds of each decision, what was measured, approvals with the digest they are bound to, the whole story, the plan. */
export function dossier(evidence: EvidenceView): string {
  const { rollout, plan } = evidence;
  const units = unitsOf(evidence);
  return document([
    [`# Evidence: ${plain(plan.title)}`],
    fields([
      ["Rollout", rollout.id],
      ["Flag", `${rollout.flag} in ${rollout.environment}`],
      ["Outcome", rollout.sentence],
      ["Plan", `${plan.name} version ${plan.version}`],
      ["Plan digest (SHA-256)", plan.digest],
      ["Put together", moment(evidence.madeAt)],
    ]),
    ["## Decisions", "", ...decisionsPart(evidence, units)],
    ["## Measurements", "", ...seriesPart(evidence)],
    approvalsPart(evidence),
    evidence.checklist.length === 0 ? [] : ["## Checklist", "", ...checklistLines(evidence)],
    ["## Story", "", ...storyPart(evidence, units)],
    ["## Plan", "", ...fenced("yaml", plan.text)],
  ]);
}

function decisionsPart({ decisions }: EvidenceView, units: Units): readonly string[] {
  if (decisions.length === 0) return ["Nothing was decided yet."];
  return decisions.flatMap((decision, index) => [
    ...(index === 0 ? [] : [""]),
    `### ${index + 1}. ${decision.what}${decision.stage === null ? "" : `: ${plain(decision.stage)}`}, plan ${decision.planDigest.slice(0, 12)}`,
    "",
    ...decisionLines(decision, units),
    ...(decision.skipped === undefined || decision.skipped.length === 0
      ? []
      : ["", `Skipped by a person: ${plain(decision.skipped.map(({ kind }) => kind).join(", "))}.`]),
  ]);
}

function seriesPart({ series, samplesDroppedBefore }: EvidenceView): readonly string[] {
  const cell = ({ unit }: MetricSeriesView, value: number | undefined): string =>
    value === undefined ? "-" : measure(value, unit);
  return [
    ...table(
      ["metric", "samples", "no data", "failed", "least", "mean", "greatest", "last", "what was asked"],
      series.map((one) => [
        one.metric,
        String(one.samples),
        String(one.noData),
        String(one.errors),
        ...[one.min, one.mean, one.max, one.last].map((value) => cell(one, value)),
        one.query,
      ]),
    ),
    ...(samplesDroppedBefore === undefined
      ? []
      : [
          "",
          `Samples from before ${moment(samplesDroppedBefore)} were dropped: the rollout is long over. Decisions keep what they were made on.`,
        ]),
  ];
}

function approvalsPart({ approvals }: EvidenceView): readonly string[] {
  if (approvals.length === 0) return [];
  const rows = approvals.map(({ stage, by, roles, at, planDigest }) => [
    stage,
    person(by),
    roles.join(", "),
    moment(at),
    planDigest,
  ]);
  return ["## Approvals", "", ...table(["stage", "by", "roles", "when", "plan digest"], rows)];
}

function storyPart({ events }: EvidenceView, units: Units): readonly string[] {
  const rows = events.map((event) => [
    event.at.slice(0, 23).replace("T", " "),
    event.state,
    event.stage ?? "-",
    `${event.percentage} %`,
    eventSentence(event, units),
  ]);
  return table(["time (UTC)", "state", "stage", "users on", "what"], rows);
}

import { measure, plural } from "@rampart/core";
import type { EvidenceStageView, EvidenceView, RolloutEventView } from "@rampart/core";
import { between, day, document, fields, moment, person, plain, UNKNOWN } from "./markdown.ts";
import { causeSentence, deployedBy, eventSentence, isTakenBack, releaseOf, unitsOf, type Units } from "./words.ts";

/** The log that teams keep of a deployment: who, when, and for each stage its health, issues, rollback and notes. */
export function deploymentLog(evidence: EvidenceView): string {
  const { rollout, plan } = evidence;
  const begun = rollout.exposedAt ?? rollout.startAt;
  const version = releaseOf(evidence);
  const reached = evidence.stages.filter(({ openedAt }) => openedAt !== undefined);
  return document([
    [`# Deployment: ${plain(version ?? plan.title)} - ${day(begun)}`],
    fields([
      ["Flag", `${rollout.flag} in ${rollout.environment}`],
      ["Version", version ?? `${UNKNOWN} (a plan says it with labels: { version: … })`],
      ...changeFields(evidence),
      ["Deployed By", deployedBy(evidence)],
      ["Deploy Time", rollout.exposedAt === undefined ? "nobody was exposed" : moment(rollout.exposedAt)],
      ["Stage", reached.map(({ name, percentage }) => `${name} (${percentage} %)`).join(" / ") || "none"],
      ["Rollback", isTakenBack(evidence) ? `Yes - ${reasonOf(evidence)}` : "No"],
      ["State", rollout.sentence],
      ["Plan", `${plan.name} version ${plan.version}, digest ${plan.digest}`],
    ]),
    ...reached.map((stage) => stagePart(evidence, stage)),
    notReached(evidence),
  ]);
}

/** The change record, as far as the plan names it. */
export function changeFields({ plan }: EvidenceView): readonly (readonly [string, string])[] {
  const { id, type, risk, impact } = plan.change ?? {};
  const rest = [type, risk === undefined ? undefined : `risk ${risk}`, impact].filter((part) => part !== undefined);
  return [
    ...(plan.change === undefined ? [] : [["Change", [id ?? "no number", ...rest].join(", ")] as const]),
    ...(plan.owner === undefined ? [] : [["Owner", plan.owner] as const]),
  ];
}

function reasonOf({ rollout, series }: EvidenceView): string {
  const { cause, killedAt, createdAt } = rollout;
  return cause === undefined ? UNKNOWN : causeSentence(cause, killedAt ?? createdAt, unitsOf({ series }));
}

function stagePart(evidence: EvidenceView, stage: EvidenceStageView): readonly string[] {
  const units = unitsOf(evidence);
  const events = eventsOf(evidence, stage);
  const issues = events.filter(({ event }) => ISSUES.has(event)).map((event) => noteOf(event, units));
  const notes = events.filter(isNote).map((event) => noteOf(event, units));
  return [
    `## Stage: ${plain(stage.name)} (${stage.percentage} %)`,
    "",
    ...fields([
      ["Opened", stage.openedAt === undefined ? "never" : moment(stage.openedAt)],
      ["Closed", closedText(stage)],
      ["Approved by", approvedText(evidence, stage)],
    ]),
    "",
    "**Health Checks:**",
    "",
    ...healthLines(stage),
    "",
    ...listOrNone("Issues", issues),
    "",
    ...listOrNone("Notes", notes),
  ];
}

function closedText({ openedAt, closedAt, outcome }: EvidenceStageView): string {
  if (openedAt === undefined || closedAt === undefined) return "still open";
  return `${moment(closedAt)}, after ${between(openedAt, closedAt)}, ${OUTCOMES[outcome]}`;
}

const OUTCOMES: { readonly [outcome in EvidenceStageView["outcome"]]: string } = {
  passed: "by its criteria",
  promoted: "by a person, in place of its criteria",
  stopped: "by the rollback",
  open: "still open",
  notReached: "never opened",
};

function approvedText({ approvals, plan }: EvidenceView, { name }: EvidenceStageView): string {
  const given = approvals.filter(({ stage }) => stage === name);
  if (given.length === 0) return "no approval was asked for";
  return given
    .map(({ by, roles, at, planDigest }) => {
      const bound = planDigest === plan.digest ? "" : `, for another revision of the plan (${planDigest.slice(0, 12)})`;
      return `${person(by)} (${roles.join(", ")}) on ${moment(at)}${bound}`;
    })
    .join("; ");
}

/** Each metric of a stage: its last value, and how far it went. */
export function healthLines({ metrics }: Pick<EvidenceStageView, "metrics">): readonly string[] {
  if (metrics.length === 0) return ["- nothing was measured"];
  return metrics.map(({ metric, unit, last, min, max, samples, noData, errors }) => {
    const gaps = [noData === 0 ? "" : `${noData} without data`, errors === 0 ? "" : `${errors} failed`].filter(
      (text) => text !== "",
    );
    const missing = gaps.length === 0 ? "" : `, ${gaps.join(", ")}`;
    if (last === undefined || min === undefined || max === undefined) return `- ${plain(metric)}: no value${missing}`;
    const range = `${measure(min, unit)} to ${measure(max, unit)}`;
    return `- ${plain(metric)}: ${measure(last, unit)} (${range} in ${plural(samples, "sample")}${missing})`;
  });
}

/** What a stage's log calls an issue. */
const ISSUES: ReadonlySet<string> = new Set([
  "paused",
  "noData",
  "timedOut",
  "triggerFired",
  "alert",
  "rejected",
  "rollbackStarted",
  "notRecovered",
]);

const isNote = ({ event, cause }: RolloutEventView): boolean =>
  !ISSUES.has(event) &&
  cause?.kind === "command" &&
  (cause.reason !== undefined || event === "promoted" || event === "resumed");

/** The events from a stage's opening to that of the next. */
function eventsOf({ events }: EvidenceView, { name }: EvidenceStageView): readonly RolloutEventView[] {
  return events.filter(({ stage }) => stage === name);
}

const noteOf = (event: RolloutEventView, units: Units): string => `${moment(event.at)}: ${eventSentence(event, units)}`;

function listOrNone(name: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [`**${name}:** None`] : [`**${name}:**`, "", ...items.map((item) => `- ${plain(item)}`)];
}

function notReached({ stages }: EvidenceView): readonly string[] {
  const names = stages
    .filter(({ openedAt }) => openedAt === undefined)
    .map(({ name, percentage }) => `${name} (${percentage} %)`);
  return names.length === 0 ? [] : [`Stages that were not reached: ${plain(names.join(", "))}.`];
}

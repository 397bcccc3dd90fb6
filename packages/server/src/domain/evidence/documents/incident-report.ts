import { measure } from "@rampart/core";
import type { EvidenceDecisionView, EvidenceView } from "@rampart/core";
import { budgetOf } from "@rampart/core";
import { budgetPart, clientsSentence } from "./budget.ts";
import { changeFields } from "./deployment-log.ts";
import { between, day, document, fields, moment, person, plain, span, table, UNKNOWN } from "./markdown.ts";
import { causeSentence, eventSentence, howTriggered, releaseOf, triggeredBy, unitsOf, type Units } from "./words.ts";

/** What happened, why, how fast it was over and who did what: for people who were not there. Only of a rollout that was rolled back. */
export function incidentReport(evidence: EvidenceView): string {
  const { rollout, plan } = evidence;
  const units = unitsOf(evidence);
  const at = rolledBackAt(evidence);
  return document([
    [`# Incident report: ${plain(plan.title)}, ${day(at)}`],
    fields([
      ["Flag", `${rollout.flag} in ${rollout.environment}`],
      ["Version", releaseOf(evidence) ?? UNKNOWN],
      ...changeFields(evidence),
      ["Rollback Executed", moment(at)],
      ["Stage", stageText(evidence)],
      ["Reason", rollout.cause === undefined ? UNKNOWN : causeSentence(rollout.cause, at, units)],
      ["Triggered By", triggeredBy(evidence)],
      ["Recovered", recoveryText(evidence)],
    ]),
    ["## Summary", "", ...summary(evidence, units)],
    ["## Impact", "", ...impact(evidence)],
    ["## Timeline", "", ...timeline(evidence, units)],
    ["## Where the time went", "", ...budgetPart(evidence.rollback)],
    ["## What it was decided on", "", ...grounds(evidence, units)],
    ["## Who acted", "", ...people(evidence, units)],
    ["## To do", "", ...toDo(evidence)],
  ]);
}

function rolledBackAt({ rollout, events }: EvidenceView): string {
  return rollout.killedAt ?? events.find(({ event }) => event === "rollbackStarted")?.at ?? rollout.createdAt;
}

/** The stage that was open, and the share of users who were on. */
function stageText({ stages }: EvidenceView): string {
  const stopped =
    stages.find(({ outcome }) => outcome === "stopped") ?? stages.findLast(({ openedAt }) => openedAt !== undefined);
  return stopped === undefined ? "before any stage" : `${stopped.name} (${stopped.percentage} % of users)`;
}

function recoveryText({ rollout, events }: EvidenceView): string {
  const { recovery } = rollout;
  const seen = events.find(({ event }) => event === "recovered" || event === "notRecovered");
  const took =
    rollout.killedAt === undefined || seen === undefined
      ? ""
      : `, ${between(rollout.killedAt, seen.at)} after the flag was off`;
  switch (recovery?.state) {
    case "recovered":
      return `Yes${took}`;
    case "notRecovered":
      return `No${took}: the flag is not the cause, or not alone`;
    case "verifying":
      return `being watched${recovery.until === undefined ? "" : ` until ${moment(recovery.until)}`}`;
    case "unchecked":
      return `${UNKNOWN}: the plan names nothing to see it by, or nobody was exposed`;
    case undefined:
      return UNKNOWN;
  }
}

function summary(evidence: EvidenceView, units: Units): readonly string[] {
  const { rollout, rollback } = evidence;
  const at = rolledBackAt(evidence);
  const why = rollout.cause === undefined ? "" : ` Cause: ${causeSentence(rollout.cause, at, units)}.`;
  const budget = rollback && budgetOf(rollback.legs);
  return [
    plain(
      `The flag ${rollout.flag} was taken back from ${stageText(evidence)} to 0 % in ${rollout.environment} on ${moment(at)}, ${howTriggered(evidence)}.${why}`,
    ),
    ...(rollback === undefined ? [] : ["", plain(clientsSentence(rollback))]),
    ...(budget?.isMeasured === true
      ? ["", `From the data that it was decided on to the last client: ${span(budget.totalMs)}.`]
      : []),
  ];
}

function impact({ rollout, events, stages }: EvidenceView): readonly string[] {
  const exposed = rollout.exposedAt;
  const off = rollout.killedAt;
  const most = Math.max(
    0,
    ...stages.filter(({ openedAt }) => openedAt !== undefined).map(({ percentage }) => percentage),
  );
  const since = events.find(({ event }) => event === "rollbackStarted")?.cause?.since;
  return [
    exposed === undefined
      ? "- Nobody was exposed."
      : `- Up to ${most} % of users were on, from ${moment(exposed)}${off === undefined ? "" : ` to ${moment(off)} (${between(exposed, off)})`}.`,
    ...(since === undefined || off === undefined
      ? []
      : [`- The condition was first seen true at ${moment(since)}, ${between(since, off)} before the flag was off.`]),
    `- Customers affected, support tickets, revenue: ${UNKNOWN}.`,
  ];
}

function timeline({ events }: EvidenceView, units: Units): readonly string[] {
  return table(
    ["time (UTC)", "users on", "what"],
    events.map((event) => [
      event.at.slice(0, 19).replace("T", " "),
      `${event.percentage} %`,
      eventSentence(event, units),
    ]),
  );
}

function grounds({ decisions }: EvidenceView, units: Units): readonly string[] {
  const decided = decisions.filter(({ what }) => what === "rollback" || what === "recovery");
  if (decided.length === 0) return ["No values were kept."];
  return decided.flatMap((decision, index) => [...(index === 0 ? [] : [""]), ...decisionLines(decision, units)]);
}

/** A decision with its criteria, and what the sources had answered. */
export function decisionLines(
  { at, what, cause, criteria, answers = [], comparisons = [] }: EvidenceDecisionView,
  units: Units,
): readonly string[] {
  const rows = answers.map(({ metric, askedAt, value, reason, answer }) => [
    metric,
    askedAt.slice(11, 23),
    value === undefined ? (reason ?? "no value") : measure(value, units.get(metric) ?? "none"),
    answer ?? "-",
  ]);
  const why = cause === undefined ? "" : `: ${causeSentence(cause, at, units)}`;
  return [
    plain(`${DECISIONS[what]} on ${moment(at)}${why}.`),
    ...criteria.map(
      ({ criterion, verdict, heldMs, reason }) =>
        `- ${plain(`${criterion}: ${verdict}, held for ${span(heldMs)}${reason === undefined ? "" : ` (${reason})`}`)}`,
    ),
    ...comparisons.map(({ line }) => `- With the flag against without it: ${plain(line)}`),
    ...(rows.length === 0 ? [] : ["", ...table(["metric", "asked at (UTC)", "value", "the source's answer"], rows)]),
  ];
}

const DECISIONS: { readonly [what in EvidenceDecisionView["what"]]: string } = {
  exposure: "Exposure was decided",
  stageDone: "The stage was found done",
  rollback: "The rollback was decided",
  recovery: "Recovery was judged",
  completed: "The rollout was found complete",
  review: "A review was held",
};

/** People's own acts, and whom Rampart called. */
function people({ events, approvals }: EvidenceView, units: Units): readonly string[] {
  const acts = events.filter(
    ({ event, cause }) => cause?.by !== undefined || event === "escalated" || event === "acknowledged",
  );
  const lines = [
    ...approvals.map(({ at, by, stage, planDigest }) => ({
      at,
      text: `${person(by)} approved ${stage} for plan ${planDigest.slice(0, 12)}`,
    })),
    ...acts
      .filter(({ event }) => event !== "approved")
      .map((event) => ({ at: event.at, text: eventSentence(event, units) })),
  ].toSorted((a, b) => a.at.localeCompare(b.at));
  return lines.length === 0
    ? ["Nobody: all of it was done by the plan."]
    : lines.map(({ at, text }) => `- ${moment(at)}: ${plain(text)}`);
}

function toDo({ checklist }: EvidenceView): readonly string[] {
  const items = checklist.filter(({ of }) => of === "rollback");
  const lines = items.map(({ text, withinMs, ticked }) => {
    const due = withinMs === undefined ? "" : ` (within ${span(withinMs)})`;
    return ticked === undefined
      ? `- [ ] ${plain(text)}${due}`
      : `- [x] ${plain(text)}: ${plain(person(ticked.by))}, ${moment(ticked.at)}`;
  });
  return [...lines, `- [ ] Root cause: ${UNKNOWN}`, `- [ ] Customer impact: ${UNKNOWN}`];
}

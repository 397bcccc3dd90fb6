import { plural, type EvidenceView } from "@rampart/core";
import { changeFields, healthLines } from "./deployment-log.ts";
import { between, document, fields, moment, person, plain, span, table, UNKNOWN } from "./markdown.ts";
import { deployedBy, releaseOf } from "./words.ts";

/** That a rollout came to its end, and by what one can see that it went well. Only of a completed one. */
export function successRecord(evidence: EvidenceView): string {
  const { rollout, plan, stages, events, checklist } = evidence;
  const passed = stages.filter(({ outcome }) => outcome === "passed").length;
  const promoted = stages.filter(({ outcome }) => outcome === "promoted");
  const begun = rollout.exposedAt ?? rollout.startAt;
  const ended = rollout.endedAt ?? events.find(({ event }) => event === "completed")?.at;
  const fired = events.filter(({ event }) => event === "triggerFired").length;
  const paused = events.filter(({ event }) => event === "paused").length;
  const last = stages.at(-1);
  return document([
    [`# Deployment: SUCCESS, ${plain(plan.title)}`],
    fields([
      ["Flag", `${rollout.flag} in ${rollout.environment}, at ${rollout.percentage} %`],
      ["Version", releaseOf(evidence) ?? UNKNOWN],
      ...changeFields(evidence),
      ["Deployed By", deployedBy(evidence)],
      ["Started", moment(begun)],
      ["Completed", ended === undefined ? UNKNOWN : moment(ended)],
      ["Duration", ended === undefined ? UNKNOWN : `${inMinutes(begun, ended)} (${between(begun, ended)})`],
      [
        "Stages",
        `${passed}/${stages.length} PASS${promoted.length === 0 ? "" : `, ${promoted.length} ended by a person (${promoted.map(({ name }) => name).join(", ")})`}`,
      ],
      ["Rollbacks", "0"],
      ["Triggers fired", String(fired)],
      ["Pauses", String(paused)],
      [
        "Final stage",
        last?.openedAt === undefined || ended === undefined
          ? UNKNOWN
          : `${last.name}, stable for ${between(last.openedAt, ended)}`,
      ],
      ["Evidence", `evidence.json and audit.ndjson of rollout ${rollout.id}, plan digest ${plan.digest}`],
    ]),
    ["## Stages", "", ...stageTable(evidence)],
    ...stages.map((stage) => [`## Health at ${stage.percentage} % (${plain(stage.name)})`, "", ...healthLines(stage)]),
    ...(checklist.length === 0 ? [] : [["## Checklist", "", ...checklistLines(evidence)]]),
    [
      "## Beyond the plan",
      "",
      `- Customer-impacting incidents, adoption, satisfaction, revenue: ${UNKNOWN}, but for what is measured above.`,
    ],
  ]);
}

function inMinutes(from: string, to: string): string {
  return plural(Math.round((Date.parse(to) - Date.parse(from)) / 60_000), "minute");
}

function stageTable({ stages, approvals }: EvidenceView): readonly string[] {
  return table(
    ["stage", "users", "opened", "took", "result", "approved by"],
    stages.map(({ name, percentage, openedAt, closedAt, outcome }) => [
      name,
      `${percentage} %`,
      openedAt === undefined ? "-" : moment(openedAt),
      openedAt === undefined || closedAt === undefined ? "-" : between(openedAt, closedAt),
      outcome === "passed" ? "PASS" : outcome === "promoted" ? "ended by a person" : outcome,
      approvals
        .filter(({ stage }) => stage === name)
        .map(({ by, roles }) => `${person(by)} (${roles.join(", ")})`)
        .join("; ") || "-",
    ]),
  );
}

/** Every item of the plan that is not about a rollback. */
export function checklistLines({ checklist }: EvidenceView): readonly string[] {
  return checklist
    .filter(({ of }) => of !== "rollback")
    .map(({ text, name, of, withinMs, ticked }) => {
      const where = name ?? (of === "precondition" ? "before" : "after");
      const due = withinMs === undefined ? "" : `, within ${span(withinMs)}`;
      return ticked === undefined
        ? `- [ ] ${plain(text)} (${plain(where)}${due})`
        : `- [x] ${plain(text)} (${plain(where)}): ${plain(person(ticked.by))}, ${moment(ticked.at)}`;
    });
}

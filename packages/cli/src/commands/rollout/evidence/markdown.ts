import type { EvidenceDecisionView, EvidenceView } from "@rampart/core";
import { moment } from "../../../output/format.ts";
import { length } from "../../../output/measure.ts";
import { printable } from "../../../output/text.ts";
import { receiptsText } from "../receipts.ts";
import { causeText, eventText, STATUS } from "../words.ts";

/** The evidence of a rollout as a document: plan, decisions with their verdicts, approvals, timeline, and the plan's own text. */
export function evidenceMarkdown(evidence: EvidenceView): string {
  const parts = [
    aboutPart(evidence),
    receiptsPart(evidence),
    ...evidence.decisions.map(decisionPart),
    approvalsPart(evidence),
    ticksPart(evidence),
    timelinePart(evidence),
    planPart(evidence),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function aboutPart({ rollout, plan }: EvidenceView): string {
  return [
    `# ${text(plan.title)}`,
    "",
    ...table(
      ["", ""],
      [
        ["rollout", `\`${rollout.id}\``],
        ["flag", `${rollout.flag} in ${rollout.environment}`],
        ["outcome", `${STATUS[rollout.status].word}, ${rollout.percentage} %`],
        ["in a sentence", rollout.sentence],
        ["plan", `${plan.name} version ${plan.version}`],
        ["digest (SHA-256)", `\`${plan.digest}\``],
        ["made", `${moment(rollout.createdAt)} UTC by ${rollout.createdBy}`],
        ...instants(rollout),
      ],
    ),
  ].join("\n");
}

function instants(rollout: EvidenceView["rollout"]): readonly (readonly [string, string])[] {
  const named = [
    ["exposed", rollout.exposedAt],
    ["back at 0 %", rollout.killedAt],
    ["ended", rollout.endedAt],
  ] as const;
  return named.flatMap(([name, at]) => (at === undefined ? [] : [[name, `${moment(at)} UTC`] as const]));
}

const DECISION_WORDS: { readonly [what in EvidenceDecisionView["what"]]: string } = {
  exposure: "Exposure began",
  stageDone: "Stage done",
  rollback: "Rollback",
  recovery: "Recovery",
  completed: "Completed",
  review: "Review",
};

function decisionPart(decision: EvidenceDecisionView): string {
  const { at, what, stage, criteria, cause, skipped = [] } = decision;
  const verdicts = criteria.map((one) => [
    one.criterion,
    one.reason === undefined ? one.verdict : `${one.verdict} (${one.reason})`,
    one.value === undefined ? "-" : String(one.value),
    one.threshold === undefined ? "-" : String(one.threshold),
    length(one.heldMs),
  ]);
  return [
    `## ${DECISION_WORDS[what]}${stage === null ? "" : `: ${text(stage)}`}`,
    "",
    `${moment(at)} UTC${cause === undefined ? "" : `, by ${text(causeText(cause, at))}`}, plan \`${decision.planDigest.slice(0, 12)}\``,
    ...(verdicts.length === 0
      ? []
      : ["", ...table(["criterion", "verdict", "value", "threshold", "held for"], verdicts)]),
    ...(skipped.length === 0 ? [] : ["", `Skipped by a promotion: ${skipped.map((one) => one.kind).join(", ")}`]),
  ].join("\n");
}

function receiptsPart({ rollback }: EvidenceView): string {
  if (rollback === undefined) return "";
  const missing = rollback.stragglers.map((one) => [one.instanceId, one.sdk, one.address, String(one.revision)]);
  return [
    "## Receipts",
    "",
    `${text(receiptsText(rollback))}, revision ${rollback.revision}`,
    ...(missing.length === 0 ? [] : ["", ...table(["missing", "SDK", "address", "had revision"], missing)]),
  ].join("\n");
}

function approvalsPart({ approvals }: EvidenceView): string {
  if (approvals.length === 0) return "";
  const rows = approvals.map((one) => [
    one.stage,
    one.by,
    one.roles.join(", "),
    moment(one.at),
    `\`${one.planDigest.slice(0, 12)}\``,
  ]);
  return ["## Approvals", "", ...table(["stage", "by", "roles", "UTC", "plan"], rows)].join("\n");
}

function ticksPart({ ticks }: EvidenceView): string {
  if (ticks.length === 0) return "";
  const rows = ticks.map((one) => [one.item, one.by, moment(one.at)]);
  return ["## Checklist", "", ...table(["item", "by", "UTC"], rows)].join("\n");
}

function timelinePart({ events }: EvidenceView): string {
  const rows = events.map((event) => [
    moment(event.at),
    STATUS[event.state].word,
    event.stage ?? "-",
    `${event.percentage} %`,
    eventText(event),
  ]);
  return ["## Timeline", "", ...table(["UTC", "status", "stage", "at", "what"], rows)].join("\n");
}

/** A fence longer than any in the plan. */
function planPart({ plan }: EvidenceView): string {
  const longest = Math.max(2, ...[...plan.text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return ["## Plan", "", `${fence}yaml`, plan.text.trimEnd(), fence].join("\n");
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => text(cell)).join(" | ")} |`;
  return [row(titles), row(titles.map(() => "---")), ...rows.map(row)];
}

/** Text that ends no cell and no line. */
function text(value: string): string {
  return printable(value).replaceAll("|", "\\|");
}

import type { EvidenceView } from "@rampart/core";
import { deploymentLog } from "./deployment-log.ts";
import { dossier } from "./dossier.ts";
import { incidentReport } from "./incident-report.ts";
import { successRecord } from "./success-record.ts";
import { isTakenBack } from "./words.ts";

/** A document of a rollout, under the name of its file. */
export interface EvidenceDocument {
  readonly name: string;
  readonly text: string;
}

/** The documents that a rollout gives: what happened first, then how it went, then all the grounds. */
export function evidenceDocuments(evidence: EvidenceView): readonly EvidenceDocument[] {
  const isDone = evidence.rollout.status === "completed";
  return [
    ...(isTakenBack(evidence) ? [{ name: "incident-report.md", text: incidentReport(evidence) }] : []),
    ...(isDone ? [{ name: "success-record.md", text: successRecord(evidence) }] : []),
    { name: "deployment-log.md", text: deploymentLog(evidence) },
    { name: "evidence.md", text: dossier(evidence) },
  ];
}

/** All of them in one. */
export function evidenceMarkdown(evidence: EvidenceView): string {
  return evidenceDocuments(evidence)
    .map(({ text }) => text)
    .join("\n---\n\n");
}

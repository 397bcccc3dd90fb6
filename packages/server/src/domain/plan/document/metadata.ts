import { z } from "zod";
import { NAME_PATTERN, line, name, prose } from "./leaves.ts";

const contact = z.strictObject({
  role: line("Who it is.", "On-call engineer"),
  contact: line("How to reach them: a number, an address, a channel.", "+1-555-0100"),
  availability: line("When.", "24/7").exactOptional(),
  responsibility: line("What for.", "First response, triage").exactOptional(),
});

const link = z.strictObject({
  title: line("What it shows.", "Portal API overview"),
  url: line("Where it is.", "https://grafana.example.com/d/portal-api"),
});

const risk = z.strictObject({
  risk: line("What could go wrong.", "API latency spike"),
  probability: line("How likely.", "Medium").exactOptional(),
  impact: line("How bad.", "High").exactOptional(),
  mitigation: line("What is done about it.", "Circuit breakers, immediate rollback").exactOptional(),
});

const signoff = z.strictObject({
  item: line("What was done or agreed.", "Security review"),
  by: line("Who signed it.", "Security team").exactOptional(),
  on: z
    .string()
    .meta({
      title: "date",
      description: "The day, as YYYY-MM-DD.",
      examples: ["2025-08-29"],
      pattern: "^\\d{4}-\\d{2}-\\d{2}$",
    })
    .exactOptional(),
});

const change = z
  .strictObject({
    id: line("The record's number.", "CHG-2025100601").exactOptional(),
    type: line("What kind of change.", "Major release").exactOptional(),
    risk: line("Its risk level.", "medium").exactOptional(),
    impact: line("What it means for the business.", "Low (backward compatible)").exactOptional(),
    description: prose("What changes.", "New document flow behind a flag.").exactOptional(),
  })
  .meta({ description: "The change record that the rollout belongs to." });

/** Who and what the plan is for; only `name` is needed, and nothing here is acted upon. */
export const metadata = z
  .strictObject({
    name: name("Identifies the plan; a new version keeps it.", "phase-9-slice-b"),
    title: line("For people. Default: the name.", "Phase 9: production canary").exactOptional(),
    description: prose(
      "What is rolled out, and why in this way.",
      "The new document flow, in four stages over six days.",
    ).exactOptional(),
    owner: line("Who answers for the plan.", "Platform engineering").exactOptional(),
    version: line("The plan's own version. Approvals bind to the digest, not to this.", "1.0").exactOptional(),
    labels: z
      .record(z.string().meta({ pattern: NAME_PATTERN }), line("A value.", "documents"))
      .meta({ title: "map of text", description: "For finding rollouts again." })
      .exactOptional(),
    change: change.exactOptional(),
    contacts: z.array(contact).max(50).meta({ description: "Whom to call." }).exactOptional(),
    links: z.array(link).max(50).meta({ description: "Dashboards, runbooks, status pages." }).exactOptional(),
    risks: z.array(risk).max(50).meta({ description: "What was thought of beforehand." }).exactOptional(),
    signoffs: z
      .array(signoff)
      .max(50)
      .meta({ description: "What was signed off before the plan was written; it is shown and not asked again." })
      .exactOptional(),
  })
  .meta({ description: "Who and what the plan is for. Shown with the rollout, part of the digest." });

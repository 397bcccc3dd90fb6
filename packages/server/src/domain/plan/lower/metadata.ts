import { NAME_PATTERN } from "../document/leaves.ts";
import type { PlanDocument } from "../document/document.ts";
import type { Reader } from "../reader.ts";
import type { Plan, PlanAbout } from "../types.ts";
import { checkNames } from "./names.ts";

const LABEL = new RegExp(NAME_PATTERN);

/** Of `metadata`, the structure says nearly all; the days and the plan's name are left. */
export function checkMetadata(reader: Reader<PlanDocument["metadata"]>): void {
  checkNames([reader.get("name")], "plan");
  for (const [key, label] of reader.get("labels").entries()) {
    if (!LABEL.test(key))
      label.problem(
        `${JSON.stringify(key.slice(0, 64))} can't be a label's name`,
        "letters, digits and . _ - only, at most 64",
        "key",
      );
  }
  for (const signoff of reader.get("signoffs").items()) {
    const on = signoff.get("on");
    const text = on.text();
    if (text !== undefined && !isDay(text))
      on.problem(`${JSON.stringify(text.slice(0, 40))} is not a day`, "write it as YYYY-MM-DD, for example 2025-08-29");
  }
}

function isDay(text: string): boolean {
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text)
  );
}

/** What the plan takes over from `metadata` as it was written. */
export function metadataOf(
  metadata: PlanDocument["metadata"],
): Pick<Plan, "name" | "title" | "labels" | "about" | "change"> {
  const { name, title, labels, change, contacts, links, risks, signoffs, ...texts } = metadata;
  const about: PlanAbout = {
    ...texts,
    contacts: contacts ?? [],
    links: links ?? [],
    risks: risks ?? [],
    signoffs: signoffs ?? [],
  };
  return { name, title: title ?? name, labels: labels ?? {}, about, ...(change === undefined ? {} : { change }) };
}

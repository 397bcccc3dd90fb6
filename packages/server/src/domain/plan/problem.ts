import type { JsonValue, PlanProblemView } from "@rampart/core";

/** One thing that is wrong with a plan, or worth a second thought, as the API tells it. */
export type PlanProblem = PlanProblemView;

/** Keys and indexes from the document's root. */
export type Path = readonly (string | number)[];

/** More problems than this are counted, not listed. */
export const PROBLEMS_MAX = 100;

/** Longer values are cut where they are shown. */
const VALUE_LENGTH_MAX = 80;

/** A value as it is shown in messages: JSON, cut at 80 characters. */
export function shown(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 1)}…` : text;
}

/** Headers and urls of metric sources: their text is never shown, because people paste tokens. */
export function mayHoldSecrets(path: Path): boolean {
  return (path[1] === "metrics" || path[1] === "prometheus") && (path.includes("headers") || path.at(-1) === "url");
}

/** Names for what lists hold, so that people read "stage 3" where a machine reads `/spec/stages/2`. */
const ITEM_NAMES: { readonly [list: string]: string } = {
  stages: "stage",
  triggers: "trigger",
  criteria: "criterion",
  preconditions: "precondition",
  approvals: "approval",
  checklist: "checklist item",
  evidence: "evidence item",
  notify: "notify rule",
  escalation: "escalation step",
  reviews: "review",
  contacts: "contact",
  links: "link",
  risks: "risk",
  signoffs: "signoff",
};

/** Where a path leads, in words: `stage 3, trigger 1`, `metric p95`, `rollback`; empty for the top of the document. */
export function placeOf(path: Path): string {
  const words: string[] = [];
  const sections = new Set(["rollback", "verify", "completion", "window", "change", "labels"]);
  for (let index = 0; index < path.length; index++) {
    const part = path[index];
    const next = path[index + 1];
    if (typeof part !== "string") continue;
    const item = ITEM_NAMES[part];
    // The stages that a notify rule names are none of the plan's own list.
    const isList = part !== "stages" || index === 1;
    if (item !== undefined && typeof next === "number" && isList) words.push(`${item} ${next + 1}`);
    else if (part === "metrics" && typeof next === "string") words.push(`metric ${next.slice(0, 64)}`);
    else if (sections.has(part) && index < path.length - 1) words.push(part);
  }
  return words.join(", ");
}

import { nearest } from "../../nearest.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** What a template may hold between `{{` and `}}`, and what it stands for. Nothing is ever run. */
export const PLACEHOLDERS = {
  flag: "the flag's key",
  environment: "the environment",
  plan: "the plan's title",
  change: "the plan's change id",
  event: "what happened, in a word or two: Rolled back",
  what: "what happened, in a sentence",
  severity: "P0 to P3",
  stage: "the stage that it is about",
  percentage: "where the flag stands: 5 %",
  status: "the rollout's status",
  next: "what it waits for next",
  cause: "what led to it: trigger errors",
  condition: "the condition that was seen: error_rate >= 5%",
  value: "the value that was seen, in its unit",
  threshold: "the value that it was held against",
  since: "since when it was seen",
  by: "who did it",
  reason: "why, in that person's words",
} as const satisfies { readonly [name: string]: string };

/** The name of one of them. */
export type Placeholder = keyof typeof PLACEHOLDERS;

/** What the placeholders stand for; one that has nothing to say is missing. */
export type TemplateValues = { readonly [name in Placeholder]?: string };

/** Characters of a text that was filled in: receivers cut longer ones anyway. */
export const FILLED_LENGTH_MAX = 4000;

/** Stands for what a message has nothing to say about. */
const NOTHING = "-";

const OPEN_OR_WHOLE = /\{\{([^{}]*)(\}\})?/g;
const NAMES = Object.keys(PLACEHOLDERS) as readonly Placeholder[];

/** Checks a template: each `{{…}}` is closed, and names something that a message knows. */
export function parseTemplate(text: string): Parsed<string> {
  for (const [, inner = "", end] of text.matchAll(OPEN_OR_WHOLE)) {
    if (end === undefined) return refused("a placeholder has no closing braces", "write {{flag}}");
    const name = inner.trim();
    if (isPlaceholder(name)) continue;
    const [suggestion] = nearest(name, NAMES);
    return refused(
      `there is no placeholder {{${name.slice(0, 40)}}}`,
      suggestion === undefined ? `there are: ${NAMES.join(", ")}` : `did you mean {{${suggestion}}}?`,
    );
  }
  return parsed(text);
}

/** Fills a template in, in one pass: what is filled in is never looked at for placeholders again. What is no placeholder stays. */
export function fillPlaceholders(text: string, values: TemplateValues): string {
  return text.replaceAll(OPEN_OR_WHOLE, (whole, inner: string, end: string | undefined) => {
    const name = inner.trim();
    return end !== undefined && isPlaceholder(name) ? values[name] || NOTHING : whole;
  });
}

const isPlaceholder = (name: string): name is Placeholder => Object.hasOwn(PLACEHOLDERS, name);

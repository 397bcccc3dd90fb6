import { actorName, type Instant } from "@rampart/core";

/** What stands where a template asks for something that nobody told the server. */
export const UNKNOWN = "not known to Rampart";

/** Text that ends no cell, line or span, and starts no markup of its own. */
export function plain(value: string): string {
  return (
    value
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "")
      .replaceAll(/[\\|*`]|<(?=[a-z/!?])|\](?=[(:[])/gi, String.raw`\$&`)
      .trim()
  );
}

/** A table; its cells are escaped. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(titles), row(titles.map(() => "---")), ...rows.map((cells) => row(cells.map(plain)))];
}

/** `**Name:** value`, each a line of its own. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): readonly string[] {
  return pairs.map(([name, value]) => `**${name}:** ${plain(value)}  `);
}

/** A code block whose fence is longer than any in the text. */
export function fenced(language: string, text: string): readonly string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, text.trimEnd(), fence];
}

/** Parts with an empty line between them; empty ones are left out. */
export function document(parts: readonly (readonly string[])[]): string {
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

/** `2026-01-05 02:00:00 UTC`. */
export function moment(instant: Instant): string {
  return `${instant.slice(0, 19).replace("T", " ")} UTC`;
}

/** `2026-01-05`. */
export function day(instant: Instant): string {
  return instant.slice(0, 10);
}

const UNITS_MS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** Up to this length hours read better than days: plans say 24h and 48h. */
const HOURS_MAX_MS = 172_800_000;

/** A length of time to its two largest units: `1 h 32 min`, `12 s`; below ten seconds to the millisecond, since promises are about them. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.round(ms) / 1000).toFixed(2)} s`;
  const first = UNITS_MS.findIndex(([name, unitMs]) => ms >= unitMs && (name !== "d" || ms > HOURS_MAX_MS));
  let rest = Math.round(ms / 1000) * 1000;
  const parts: string[] = [];
  for (const [name, unitMs] of UNITS_MS.slice(first, first + 2)) {
    const amount = Math.floor(rest / unitMs);
    rest -= amount * unitMs;
    if (amount > 0) parts.push(`${amount} ${name}`);
  }
  return parts.join(" ");
}

/** From one instant to another. */
export function between(from: Instant, to: Instant): string {
  return span(Math.max(0, Date.parse(to) - Date.parse(from)));
}

/** Who it was, without the token's id: `anna`. */
export function person(actor: string): string {
  return actor.startsWith("rollout:") ? "Rampart" : actorName(actor);
}

import { measure } from "@rampart/core";

const UNITS_MS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** Up to this length hours read better than days: plans say 24h and 48h. */
const HOURS_MAX_MS = 172_800_000;

/** A length of time as plans write it, to its two largest units: `6d`, `18h42m`, `1m20s`, `9s`; below a second in milliseconds. */
export function length(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole > 0 && whole < 1000) return `${whole}ms`;
  const first = UNITS_MS.findIndex(([name, unitMs]) => whole >= unitMs && (name !== "d" || whole > HOURS_MAX_MS));
  if (first < 0) return "0s";
  const parts: string[] = [];
  let rest = whole;
  for (const [name, unitMs] of UNITS_MS.slice(first, first + 2)) {
    const amount = Math.floor(rest / unitMs);
    rest -= amount * unitMs;
    if (amount > 0) parts.push(`${amount}${name}`);
  }
  return parts.join("");
}

/** How long something has lasted, in whole seconds, so that it counts up calmly: `0s`, `1m20s`. */
export function elapsed(ms: number): string {
  return length(Math.floor(ms / 1000) * 1000);
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** A bar of `width` columns of which `share` (0…1) is filled, to an eighth of a column. */
export function bar(share: number, width: number): { readonly filled: string; readonly empty: string } {
  const eighths = Math.floor(Math.min(1, Math.max(0, share)) * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return { filled, empty: "░".repeat(width - Math.ceil(eighths / 8)) };
}

/** A time that was promised, to four digits: `4ms`, `1.932s`. It is not rounded down to whole seconds. */
export function seconds(ms: number): string {
  return measure(ms / 1000, "seconds");
}

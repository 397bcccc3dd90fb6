const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
];

/** A duration in its two largest units, as plans write it: `1h20m`. Below a second: `340ms`. */
export function duration(ms: number): string {
  if (ms < 1000) return ms < 0.5 ? "0s" : `${Math.round(ms)}ms`;
  let text = "";
  let rest = ms;
  let count = 0;
  for (const [unitMs, name] of UNITS) {
    const amount = Math.floor(rest / unitMs);
    if (amount > 0) text += `${amount}${name}`;
    rest -= amount * unitMs;
    if (text !== "") count += 1;
    if (count === 2) break;
  }
  return text;
}

/** How long something takes or lasts that is watched: whole seconds, so that it doesn't flicker. */
export const seconds = (ms: number): string => duration(Math.floor(Math.max(0, ms) / 1000) * 1000);

/** An age as people say it: below a minute in seconds, then in its largest unit alone, with the hours' minutes. */
export function age(ms: number): string {
  if (ms < 60_000 || (ms >= 3_600_000 && ms < 86_400_000)) return duration(ms);
  const unitMs = ms < 3_600_000 ? 60_000 : 86_400_000;
  return duration(Math.floor(ms / unitMs) * unitMs);
}

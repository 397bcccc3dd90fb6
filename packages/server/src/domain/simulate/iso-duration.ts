const UNITS = [
  ["H", 3_600_000],
  ["M", 60_000],
] as const;

/** ISO 8601 with hours as the largest unit: `PT26H2M`, `PT0.5S`, `PT0S`. Whole milliseconds, not negative. */
export function isoDuration(ms: number): string {
  let rest = ms;
  let text = "PT";
  for (const [letter, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${letter}`;
    rest -= amount * size;
  }
  if (rest > 0 || text === "PT") text += `${rest / 1000}S`;
  return text;
}

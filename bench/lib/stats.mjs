/** The value below which `share` (0…1) of the values lie; the mean of the two nearest for the median of an even number. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const rest = at - below;
  return rest === 0 ? sorted[below] : sorted[below] * (1 - rest) + sorted[below + 1] * rest;
}

export const median = (values) => quantile(values, 0.5);

/** Median of the ratios of values that were measured side by side: what disturbs a round disturbs both. */
export const medianRatio = (values, floors) => median(values.map((value, i) => value / floors[i]));

/** Three significant digits, thousands apart: 1,234 · 56.7 · 0.089. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-GB", { maximumFractionDigits: Math.min(digits, 3) });
}

export const times = (ratio) => (Number.isFinite(ratio) ? `${number(ratio)} ×` : "–");

/**
 * The share of a metric's false-alarm budget that epoch `index` (from 1) may spend. The same users recur in every epoch, so the
 * budget is spent over epochs by the union bound, never multiplied: a half goes to the first epoch (three quarters when it is the
 * only planned one), a quarter is split over the other planned ones, and a quarter over all that come beyond. Adds up to 1 however
 * many epochs there are.
 */
export function epochWeight(index: number, plannedEpochs: number): number {
  const planned = Math.max(1, plannedEpochs);
  if (index === 1) return planned === 1 ? 3 / 4 : 1 / 2;
  if (index <= planned) return 1 / 4 / (planned - 1);
  const beyond = index - planned;
  return 1 / 4 / (beyond * (beyond + 1));
}

/** `ln(1/(alpha·w))`: the evidence that epoch `index` needs, as a logarithm. */
export function logNeeded({
  alpha,
  epoch,
  plannedEpochs,
}: {
  readonly alpha: number;
  readonly epoch: number;
  readonly plannedEpochs: number;
}): number {
  return -Math.log(alpha * epochWeight(epoch, plannedEpochs));
}

/** How many epochs the stages of a plan take, each at least one: a change of the percentage begins a new epoch. */
export function plannedEpochs(stageDurationsMs: readonly number[], epochLengthMs: number): number {
  return Math.max(
    1,
    stageDurationsMs.reduce((sum, durationMs) => sum + Math.max(1, Math.ceil(durationMs / epochLengthMs)), 0),
  );
}

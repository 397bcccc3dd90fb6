/** Of a metric's false alarms, what the fast layer may spend; the rest is the slow layer's. */
const FAST_SHARE = 0.8;

/** A metric's false-alarm budget, split over the test of every second and the one over sums. */
export function layersOf(alpha: number): { readonly fast: number; readonly slow: number } {
  return { fast: alpha * FAST_SHARE, slow: alpha * (1 - FAST_SHARE) };
}

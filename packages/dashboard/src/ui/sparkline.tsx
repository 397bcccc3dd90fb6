/** A point of a small curve. */
export interface SparkPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
}

export interface SparklineProps {
  readonly points: readonly SparkPoint[];
  /** Drawn across, so that it is seen how near the curve is. */
  readonly threshold?: number;
  /** What the curve is of, for those who don't see it. */
  readonly label: string;
}

const WIDTH = 140;
const HEIGHT = 36;
const PAD = 3;

/** A small curve with its threshold. Its numbers stand beside it. */
export function Sparkline({ points, threshold, label }: SparklineProps) {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2)
    return <span class="soft small">no curve yet</span>;
  const values = points.map(({ value }) => value).concat(threshold ?? []);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = high - low || Math.abs(high) || 1;
  const span = last.at - first.at || 1;
  const x = (at: number): number => PAD + ((at - first.at) / span) * (WIDTH - 2 * PAD);
  const y = (value: number): number => HEIGHT - PAD - ((value - low) / spread) * (HEIGHT - 2 * PAD);
  const path = points.map(
    ({ at, value }, index) => `${index === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {threshold === undefined ? null : (
        <line class="spark-threshold" x1={0} x2={WIDTH} y1={y(threshold)} y2={y(threshold)} />
      )}
      <path class="spark-line" d={path.join("")} />
    </svg>
  );
}

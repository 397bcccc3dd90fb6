import { useMemo } from "preact/hooks";

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
  const drawn = useMemo(() => draw(points, threshold), [points, threshold]);
  if (drawn === undefined) return <span class="soft small">no curve yet</span>;
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {drawn.thresholdY === undefined ? null : (
        <line class="spark-threshold" x1={0} x2={WIDTH} y1={drawn.thresholdY} y2={drawn.thresholdY} />
      )}
      <path class="spark-line" d={drawn.path} />
    </svg>
  );
}

interface Drawn {
  readonly path: string;
  readonly thresholdY: number | undefined;
}

function draw(points: readonly SparkPoint[], threshold: number | undefined): Drawn | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let low = threshold ?? first.value;
  let high = low;
  for (const { value } of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const spread = high - low || Math.abs(high) || 1;
  const span = last.at - first.at || 1;
  const y = (value: number): number => HEIGHT - PAD - ((value - low) / spread) * (HEIGHT - 2 * PAD);
  const corners: string[] = [];
  for (const { column, least, most } of columnsOf(points, first.at, span)) {
    const x = PAD + column;
    corners.push(`${x} ${y(least).toFixed(1)}`);
    if (most !== least) corners.push(`${x} ${y(most).toFixed(1)}`);
  }
  return { path: `M${corners.join("L")}`, thresholdY: threshold === undefined ? undefined : y(threshold) };
}

interface Column {
  readonly column: number;
  least: number;
  most: number;
}

/** What is seen of more points than there are columns: the least and the most of each, so that no spike is lost. */
function columnsOf(points: readonly SparkPoint[], from: number, span: number): readonly Column[] {
  const columns: Column[] = [];
  for (const { at, value } of points) {
    const column = Math.round(((at - from) / span) * (WIDTH - 2 * PAD));
    const known = columns.at(-1);
    if (known?.column === column) {
      known.least = Math.min(known.least, value);
      known.most = Math.max(known.most, value);
    } else columns.push({ column, least: value, most: value });
  }
  return columns;
}

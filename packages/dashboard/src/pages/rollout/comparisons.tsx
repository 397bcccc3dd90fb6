import type { ComparisonPointView, ComparisonView, RolloutView } from "@rampart/core";
import { Bar } from "../../ui/bar.tsx";
import { Badge } from "../../ui/status.tsx";
import { AsTable, type InstantRow } from "../../ui/table.tsx";

/** Points of the table that stands for the chart. */
const ROWS_MAX = 20;

/** The users with the feature against those without it, at the same instants. */
export function Comparisons({ rollout }: { readonly rollout: RolloutView }) {
  const { comparisons } = rollout;
  if (comparisons.length === 0) return null;
  return (
    <section class="card" aria-labelledby="comparisons">
      <div class="card-head">
        <h2 id="comparisons">With the feature against without</h2>
      </div>
      <div class="card-body stack">
        {comparisons.map((comparison) => (
          <Comparison key={comparison.metric} comparison={comparison} />
        ))}
      </div>
    </section>
  );
}

function Comparison({ comparison }: { readonly comparison: ComparisonView }) {
  const { metric, line, standing, reason, tests, series, margin } = comparison;
  return (
    <div class="stack-tight">
      <div class="row-between">
        <h3>{metric}</h3>
        {standing === "compared" ? null : (
          <Badge tone="warn" mark="?">
            {reason ?? standing}
          </Badge>
        )}
      </div>
      <p>{line.replace(`${metric}: `, "")}</p>
      {tests.map(({ name, evidence, needed, isAlarm }) => (
        <div class="row" key={name}>
          <span class="grow">
            <Bar
              share={needed === 0 ? 0 : Math.log1p(Math.max(0, evidence)) / Math.log1p(needed)}
              tone={isAlarm ? "bad" : "warn"}
            />
          </span>
          <span class="small">
            {tests.length > 1 ? `${name}: ` : ""}evidence {short(evidence)}, acts at {short(needed)}
          </span>
        </div>
      ))}
      {series.length < 2 ? null : (
        <>
          <Ribbon points={series} margin={margin} />
          <AsTable
            names={["Times worse", "99 % range", "With it", "Without"]}
            rows={() => series.slice(-ROWS_MAX).map(rowOf)}
          />
        </>
      )}
    </div>
  );
}

const WIDTH = 640;
const HEIGHT = 160;
const RATIO_MAX = 64;

/** The largest ratio that is in the picture: twice as far as the newest range, in whole doublings. What is known of the first minutes is wider. */
function topOf(points: readonly ComparisonPointView[], margin: number | undefined): number {
  const { high = RATIO_MAX, low = 1 / RATIO_MAX } = points.at(-1) ?? {};
  const far = 2 * Math.max(high, 1 / low, margin ?? 1);
  return Math.min(RATIO_MAX, 2 ** Math.ceil(Math.log2(far)));
}

/** The ratio on a logarithmic scale with its 99 % ribbon, and lines at ×1 and at the margin. */
function Ribbon({
  points,
  margin,
}: {
  readonly points: readonly ComparisonPointView[];
  readonly margin: number | undefined;
}) {
  const from = Date.parse(points[0]?.at ?? "");
  const span = Date.parse(points.at(-1)?.at ?? "") - from || 1;
  const top = topOf(points, margin);
  const x = ({ at }: ComparisonPointView): number => ((Date.parse(at) - from) / span) * WIDTH;
  const y = (ratio: number): number => {
    const bounded = Math.min(top, Math.max(1 / top, ratio));
    return HEIGHT / 2 - (Math.log2(bounded) / Math.log2(top)) * (HEIGHT / 2 - 4);
  };
  const corner = (point: ComparisonPointView, ratio: number): string => `${x(point).toFixed(1)} ${y(ratio).toFixed(1)}`;
  const upper = points.map((point) => corner(point, point.high ?? RATIO_MAX));
  const lower = points.map((point) => corner(point, point.low ?? 1 / RATIO_MAX)).toReversed();
  const middle = points.filter(({ ratio }) => ratio !== undefined).map((point) => corner(point, point.ratio ?? 1));
  return (
    <svg
      class="ribbon"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="How many times worse it is with the feature, over time, with its 99 % range"
    >
      <path class="ribbon-range" d={`M${[...upper, ...lower].join("L")}Z`} />
      <line class="ribbon-one" x1={0} x2={WIDTH} y1={y(1)} y2={y(1)} />
      {margin === undefined ? null : <line class="spark-threshold" x1={0} x2={WIDTH} y1={y(margin)} y2={y(margin)} />}
      {middle.length < 2 ? null : <path class="spark-line" d={`M${middle.join("L")}`} />}
      <text class="ribbon-label" x={4} y={14}>
        ×{top} worse
      </text>
      <text class="ribbon-label" x={4} y={y(1) - 4}>
        no difference
      </text>
      <text class="ribbon-label" x={4} y={HEIGHT - 6}>
        ×{top} better
      </text>
      {margin === undefined ? null : (
        <text class="ribbon-label" x={4} y={y(margin) - 4}>
          ×{short(margin)}
        </text>
      )}
    </svg>
  );
}

function rowOf(point: ComparisonPointView): InstantRow {
  const { at, ratio, low, high, on, off } = point;
  const times = (value: number | undefined): string => (value === undefined ? "–" : `×${short(value)}`);
  return [at, times(ratio), `${times(low)} to ${times(high)}`, rate(point, on.rate), rate(point, off.rate)];
}

function rate({ of }: ComparisonPointView, value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return of === "failures" ? `${short(value * 100)} %` : `${short(value)} s`;
}

const short = (value: number): string => (value >= 1e6 ? "over a million" : String(Number(value.toPrecision(3))));

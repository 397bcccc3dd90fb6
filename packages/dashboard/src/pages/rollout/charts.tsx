import { measure, type MetricView, type RolloutEventView, type RolloutView } from "@rampart/core";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { reading } from "../../ui/reading.ts";
import type { SparkPoint } from "../../ui/sparkline.tsx";
import { AsTable, type InstantRow } from "../../ui/table.tsx";
import type { SeriesByMetric } from "./series.ts";
import { eventTone } from "./words.ts";

/** Rows of the table that stands for a chart. */
const ROWS_MAX = 30;

export interface ChartsProps {
  readonly rollout: RolloutView;
  readonly series: SeriesByMetric;
  /** What happened, to be marked. */
  readonly story: readonly RolloutEventView[];
  readonly isShown: boolean;
  readonly onShow: (isShown: boolean) => void;
}

/** The metrics over the whole rollout, with what happened marked on all of them. Loaded when asked for. */
export function Charts({ rollout, series, story, isShown, onShow }: ChartsProps) {
  if (rollout.metrics.length === 0) return null;
  return (
    <section class="card" aria-labelledby="charts">
      <div class="card-head">
        <h2 id="charts">Charts</h2>
        <button type="button" class="button button-small" aria-expanded={isShown} onClick={() => onShow(!isShown)}>
          {isShown ? "Hide" : "Show"}
        </button>
      </div>
      {isShown ? <AllCharts rollout={rollout} series={series} story={story} /> : null}
    </section>
  );
}

function AllCharts({ rollout, series, story }: Pick<ChartsProps, "rollout" | "series" | "story">) {
  const marks = useMemo(() => story.filter(({ event }) => eventTone(event) !== "neutral"), [story]);
  return (
    <div class="card-body stack">
      <ul class="legend">
        <li>
          <i class="key key-threshold" aria-hidden="true" /> threshold
        </li>
        <li>
          <i class="key key-good" aria-hidden="true" /> stage
        </li>
        <li>
          <i class="key key-warn" aria-hidden="true" /> warning
        </li>
        <li>
          <i class="key key-bad" aria-hidden="true" /> rollback
        </li>
      </ul>
      <div class="charts">
        {rollout.metrics.map((metric) => {
          const points = series.get(metric.name) ?? [];
          return (
            <figure key={metric.name} class="stack-tight">
              <figcaption>
                <strong>{metric.name}</strong>{" "}
                <span class="soft">
                  {metric.value === undefined ? "no value" : `${reading(metric.value, metric.unit)} now`}
                </span>
              </figcaption>
              {points.length < 2 ? (
                <p class="soft small">Too few samples for a curve.</p>
              ) : (
                <>
                  <Chart
                    metric={metric}
                    points={points}
                    marks={marks}
                    thresholds={thresholdsOf(rollout, metric.name)}
                  />
                  <AsTable names={[metric.name]} rows={() => rowsOf(metric, points)} />
                </>
              )}
            </figure>
          );
        })}
      </div>
    </div>
  );
}

function thresholdsOf({ criteria, triggers }: RolloutView, metric: string): readonly number[] {
  const all = [...criteria, ...triggers].filter((condition) => condition.metric === metric);
  return [...new Set(all.flatMap(({ threshold }) => threshold ?? []))];
}

interface ChartProps {
  readonly metric: MetricView;
  readonly points: readonly SparkPoint[];
  readonly marks: readonly RolloutEventView[];
  readonly thresholds: readonly number[];
}

function Chart({ metric, points, marks, thresholds }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ readonly draw: (props: ChartProps) => void; readonly destroy: () => void }>(undefined);
  useEffect(() => {
    let isGone = false;
    void (async () => {
      const { createPlot } = await import("./plot.ts");
      if (isGone || holder.current === null) return;
      drawn.current = createPlot(holder.current);
      drawn.current.draw({ metric, points, marks, thresholds });
    })();
    return () => {
      isGone = true;
      drawn.current?.destroy();
    };
  }, []);
  useEffect(() => drawn.current?.draw({ metric, points, marks, thresholds }), [points, marks, thresholds.join(" ")]);
  return (
    <div
      class="plot"
      ref={holder}
      role="img"
      aria-label={`${metric.name} over the rollout; the table below holds its numbers`}
    />
  );
}

function rowsOf({ unit }: MetricView, points: readonly SparkPoint[]): readonly InstantRow[] {
  return points
    .slice(-ROWS_MAX)
    .toReversed()
    .map(({ at, value }) => [new Date(at).toISOString(), measure(value, unit)]);
}

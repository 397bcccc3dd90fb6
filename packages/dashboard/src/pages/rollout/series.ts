import type { EvidenceView, RolloutView } from "@rampart/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { SparkPoint } from "../../ui/sparkline.tsx";
import { rolloutPath } from "./commands.ts";

/** Points of a curve that are kept in the page; beyond it every second one goes. */
const POINTS_MAX = 600;

/** Curves by the metric's name, the oldest point first. */
export type SeriesByMetric = ReadonlyMap<string, readonly SparkPoint[]>;

/** What each metric has said since the rollout began: as the server recorded it, and a point for each sampling that is seen here. */
export function useSeries(rollout: RolloutView): SeriesByMetric {
  const evidence = useResource<EvidenceView>(`${rolloutPath(rollout.id)}/evidence`, { isPassing: true });
  const live = useRef(new Map<string, SparkPoint[]>());
  const [series, setSeries] = useState<SeriesByMetric>(new Map());
  const { data } = evidence;
  useEffect(() => {
    if (data === undefined) return;
    for (const { metric, points } of data.series)
      live.current.set(
        metric,
        points.map(({ at, last }) => ({ at: Date.parse(at), value: last })),
      );
    setSeries(new Map(live.current));
  }, [data]);
  const sampledAt = rollout.lastSampleAt;
  useEffect(() => {
    if (sampledAt === undefined) return;
    for (const { name, value } of rollout.metrics) {
      if (value === undefined) continue;
      const known = live.current.get(name) ?? [];
      const at = Date.parse(sampledAt);
      if ((known.at(-1)?.at ?? 0) < at) live.current.set(name, thinned([...known, { at, value }]));
    }
    setSeries(new Map(live.current));
  }, [sampledAt]);
  return series;
}

function thinned(points: SparkPoint[]): SparkPoint[] {
  return points.length <= POINTS_MAX
    ? points
    : points.filter((_, index) => index % 2 === 0 || index === points.length - 1);
}

import type { EvidenceStageView, MetricSeriesView } from "@rampart/core";
import { instantOf } from "../instant.ts";
import type { Metric, Plan } from "../plan/types.ts";
import type { EpochMs } from "../records.ts";
import type { RolloutEvent } from "../rollout/event.ts";
import type { Sample } from "../rollout/sample.ts";
import { queryText } from "../secrets/plan-text.ts";
import type { Scrub } from "../secrets/scrub.ts";
import { Series, type SeriesSummary } from "./series.ts";
import type { StageStory } from "./stages.ts";

interface Watched {
  readonly metric: Metric;
  readonly whole: Series;
  readonly stages: readonly Series[];
}

/** What a rollout's metrics said, in all and stage by stage, from its log: bounded, however long the log is. */
export class Measured {
  readonly #stories: readonly StageStory[];
  readonly #watched: readonly Watched[];
  readonly #byName: ReadonlyMap<string, Watched>;

  constructor(plan: Plan, stories: readonly StageStory[]) {
    this.#stories = stories;
    this.#watched = Object.values(plan.metrics).map((metric) => ({
      metric,
      whole: new Series(),
      stages: stories.map(() => new Series()),
    }));
    this.#byName = new Map(this.#watched.map((one) => [one.metric.name, one]));
  }

  /** The next event of the log. */
  take(event: RolloutEvent): void {
    if (event.kind === "samples") {
      for (const [name, sample] of Object.entries(event.values)) {
        const watched = this.#byName.get(name);
        if (watched !== undefined && sample !== undefined) this.#add(watched, event.sampledAt, sample);
      }
    } else if (event.kind === "signal" && event.value !== undefined) {
      const sample: Sample = { kind: "value", value: event.value, ageMs: 0 };
      for (const watched of this.#watched) {
        const { source } = watched.metric;
        if (source.kind === "signal" && source.signal === event.signal) this.#add(watched, event.at, sample);
      }
    }
  }

  series(scrub: Scrub): readonly MetricSeriesView[] {
    return this.#watched.map(({ metric, whole }) => ({
      metric: metric.name,
      unit: metric.unit,
      query: scrub(queryText(metric.source)),
      ...whole.summary,
      points: whole.points,
    }));
  }

  stages(): readonly EvidenceStageView[] {
    return this.#stories.map(({ stage, outcome, openedAt, closedAt }, index) => ({
      name: stage.name,
      percentage: stage.percentage,
      outcome,
      ...(openedAt !== undefined && { openedAt: instantOf(openedAt) }),
      ...(closedAt !== undefined && { closedAt: instantOf(closedAt) }),
      metrics: this.#watched.flatMap(({ metric, stages }) => {
        const summary: SeriesSummary = stages[index]?.summary ?? { samples: 0, noData: 0, errors: 0 };
        const isSeen = summary.samples + summary.noData + summary.errors > 0;
        return isSeen ? [{ metric: metric.name, unit: metric.unit, ...summary }] : [];
      }),
    }));
  }

  #add({ whole, stages }: Watched, at: EpochMs, sample: Sample): void {
    whole.add(at, sample);
    // A stage closes on the sampling that the next one opens on: it is the old one's last.
    const index = this.#stories.findIndex(
      ({ openedAt, closedAt }) => openedAt !== undefined && at > openedAt && (closedAt === undefined || at <= closedAt),
    );
    stages[index]?.add(at, sample);
  }
}

import type { RolloutView } from "@rampart/core";
import { useState } from "preact/hooks";
import type { PageProps } from "../../app/pages.ts";
import { useResource } from "../../api/resource.ts";
import { Shown } from "../../ui/state.tsx";
import { rolloutPath } from "./commands.ts";
import { Convergence } from "./clients.tsx";
import { Charts } from "./charts.tsx";
import { Comparisons } from "./comparisons.tsx";
import { Criteria, Triggers } from "./conditions.tsx";
import { Evidence } from "./evidence.tsx";
import { RolloutHead, Verdict } from "./head.tsx";
import { People, Verbs } from "./people.tsx";
import { Rail } from "./rail.tsx";
import { Rollback } from "./rollback.tsx";
import { useSeries } from "./series.ts";
import { Timeline } from "./timeline.tsx";

/** One rollout: what it is at, why, what it waits for, and the button that ends it. */
export function RolloutPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const resource = useResource<RolloutView>(rolloutPath(id), { on: [`rollout:${id}`], everyMs: 2_000 });
  const series = useSeries(id, resource.data);
  const [isShowingCharts, showCharts] = useState(false);
  return (
    <>
      <RolloutHead id={id} rollout={resource.data} />
      <Shown resource={resource} lines={8}>
        {(rollout) => (
          <>
            <Verdict rollout={rollout} />
            <Rail rollout={rollout} />
            <Verbs rollout={rollout} />
            <div class="rollout-columns">
              <div class="stack">
                <Rollback rollout={rollout} />
                <Triggers rollout={rollout} series={series} />
                <Criteria rollout={rollout} series={series} />
                <Comparisons rollout={rollout} />
                <Charts rollout={rollout} series={series} isShown={isShowingCharts} onShow={showCharts} />
              </div>
              <div class="stack">
                <People rollout={rollout} />
                <Convergence environment={rollout.environment} />
                <Timeline rollout={rollout} />
                <Evidence rollout={rollout} />
              </div>
            </div>
          </>
        )}
      </Shown>
    </>
  );
}

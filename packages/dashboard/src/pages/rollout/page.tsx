import type { RolloutView } from "@rampart/core";
import { useState } from "preact/hooks";
import type { PageProps } from "../../app/page-props.ts";
import { useResource } from "../../api/resource.ts";
import { Boundary } from "../../ui/boundary.tsx";
import { Shown } from "../../ui/state.tsx";
import { Still } from "../../ui/still.tsx";
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
import { Timeline, useStory } from "./timeline.tsx";

/** One rollout: what it is at, why, what it waits for, and the button that ends it. */
export function RolloutPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const resource = useResource<RolloutView>(rolloutPath(id), { on: [`rollout:${id}`], everyMs: 2_000 });
  return (
    <>
      <RolloutHead id={id} rollout={resource.data} />
      <Boundary name="The rollout">
        <Shown resource={resource} lines={8}>
          {(rollout) => <Whole key={rollout.id} rollout={rollout} />}
        </Shown>
      </Boundary>
    </>
  );
}

function Whole({ rollout }: { readonly rollout: RolloutView }) {
  const series = useSeries(rollout);
  const story = useStory(rollout.id);
  const [isShowingCharts, showCharts] = useState(false);
  // What waits for an approval shows it first, also where the screen is small.
  const isOpen = rollout.approvals.some((approval) => approval.isOpen);
  const people = (
    <Boundary name="The people">
      <People rollout={rollout} />
    </Boundary>
  );
  return (
    <>
      <Verdict rollout={rollout} />
      {isOpen ? people : null}
      <Rail rollout={rollout} />
      <Verbs rollout={rollout} />
      {isOpen ? null : people}
      <div class="rollout-columns">
        <div class="stack">
          <Boundary name="The rollback">
            <Rollback rollout={rollout} />
          </Boundary>
          <Boundary name="What stops it">
            <Triggers rollout={rollout} series={series} />
          </Boundary>
          <Boundary name="What has to hold">
            <Criteria rollout={rollout} series={series} />
          </Boundary>
          <Boundary name="The comparison">
            <Still of={[rollout.comparisons]}>{() => <Comparisons rollout={rollout} />}</Still>
          </Boundary>
        </div>
        <div class="stack">
          <Boundary name="The clients">
            <Convergence environment={rollout.environment} />
          </Boundary>
          <Boundary name="The timeline">
            <Timeline story={story} />
          </Boundary>
          <Evidence rollout={rollout} />
        </div>
      </div>
      <Boundary name="The charts">
        <Charts
          rollout={rollout}
          series={series}
          story={story.data?.items ?? []}
          isShown={isShowingCharts}
          onShow={showCharts}
        />
      </Boundary>
    </>
  );
}

import type { RolloutView } from "@rampart/core";
import { Clock } from "../../ui/time.tsx";
import { rolloutPath } from "./commands.ts";

/** What was kept of the rollout, to take along. */
export function Evidence({ rollout }: { readonly rollout: RolloutView }) {
  const path = `${rolloutPath(rollout.id)}/evidence`;
  const { plan, now } = rollout;
  return (
    <section class="card" aria-labelledby="evidence">
      <div class="card-head">
        <h2 id="evidence">Evidence</h2>
        <span class="row">
          <a class="button button-small" href={`${path}?format=zip`} download>
            Zip
          </a>
          <a class="button button-small" href={`${path}?format=md`} download>
            Text
          </a>
          <a class="button button-small" href={path} download={`rollout-${rollout.id}.json`}>
            JSON
          </a>
        </span>
      </div>
      <div class="card-body small soft stack-tight">
        <p>
          Plan <a href={`/plans/${plan.name}`}>{plan.name}</a>, version {plan.version}, digest{" "}
          <code>{plan.digest.slice(0, 12)}</code>
        </p>
        <p>
          Sampled every {rollout.intervalMs / 1000} s
          {rollout.window === undefined ? "" : `, stages begin ${rollout.window}`}
          {rollout.leaseMs === undefined ? ", no exposure lease" : `, exposure lease ${rollout.leaseMs / 1000} s`}
        </p>
        <p>
          As of <Clock at={now} />
        </p>
      </div>
    </section>
  );
}

import { BUDGET_MS, type DrillPage, type DrillView } from "@rampart/core";
import { useResource } from "../api/resource.ts";
import { nameOf } from "../ui/actor.ts";
import { Empty, Shown } from "../ui/state.tsx";
import { Badge } from "../ui/status.tsx";
import { Ago, duration } from "../ui/time.tsx";

/** Rehearsed rollbacks. */
export function DrillsPage() {
  const drills = useResource<DrillPage>("/api/v1/drills?limit=100", { on: ["rollouts"] });
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Drills</h1>
          <p class="soft">
            A drill rehearses a rollback on a flag of its own, with the real clients:{" "}
            <code>rampart drill --environment staging</code>
          </p>
        </div>
      </div>
      <div class="card card-table">
        <Shown resource={drills}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No drill yet">
                <p>
                  Run one before you need it: <code>rampart drill --environment staging</code>
                </p>
              </Empty>
            ) : (
              <DrillTable drills={items} />
            )
          }
        </Shown>
      </div>
    </>
  );
}

function DrillTable({ drills }: { readonly drills: readonly DrillView[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>When</th>
          <th>Environment</th>
          <th class="number">Took</th>
          <th>Verdict</th>
          <th class="number">Clients</th>
          <th>By</th>
          <th>Rollout</th>
        </tr>
      </thead>
      <tbody>
        {drills.map((drill) => (
          <tr key={`${drill.environment} ${drill.revision}`}>
            <td>
              <Ago at={drill.at} />
            </td>
            <td>{drill.environment}</td>
            <td class="number">{duration(drill.tookMs)}</td>
            <td>
              {drill.tookMs <= BUDGET_MS ? (
                <Badge tone="good" mark="✓">
                  within 30 s
                </Badge>
              ) : (
                <Badge tone="bad" mark="!">
                  over 30 s
                </Badge>
              )}
            </td>
            <td class="number">{drill.clients}</td>
            <td>{nameOf(drill.by)}</td>
            <td>
              <a href={`/rollouts/${drill.rollout}`}>{drill.rollout}</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import type { Page, RolloutSummary } from "@rampart/core";
import { location, setQuery } from "../app/router.ts";
import { useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { Empty, Shown } from "../ui/state.tsx";
import { isActive, percent, StatusBadge } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";

/** All rollouts, the newest first. */
export function RolloutsPage() {
  const rollouts = useResource<Page<RolloutSummary>>("/api/v1/rollouts?limit=200", { on: ["rollouts"] });
  const only = location.value.query.get("only") ?? "all";
  return (
    <>
      <div class="page-head">
        <h1>Rollouts</h1>
        {may("rollouts:write") ? (
          <a class="button button-primary" href="/plans">
            Start a rollout
          </a>
        ) : null}
      </div>
      <div class="tabs" role="group" aria-label="Which">
        {TABS.map(([name, word]) => (
          <button
            type="button"
            key={name}
            aria-current={only === name ? "page" : undefined}
            onClick={() => setQuery({ only: name === "all" ? undefined : name })}
          >
            {word}
          </button>
        ))}
      </div>
      <div class="card card-table">
        <Shown resource={rollouts} lines={6}>
          {({ items }) => {
            const shown = items.filter(({ status }) => only === "all" || isActive(status) === (only === "active"));
            return shown.length === 0 ? (
              <Empty title="No rollouts here">
                <p>
                  A rollout raises a flag by a plan. <a href="/plans">Start one</a>
                </p>
              </Empty>
            ) : (
              <RolloutTable rollouts={shown} />
            );
          }}
        </Shown>
      </div>
    </>
  );
}

const TABS = [
  ["all", "All"],
  ["active", "Under way"],
  ["ended", "Ended"],
] as const;

function RolloutTable({ rollouts }: { readonly rollouts: readonly RolloutSummary[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Flag</th>
          <th>State</th>
          <th class="number">Percentage</th>
          <th>Environment</th>
          <th>Where it stands</th>
          <th>Began</th>
        </tr>
      </thead>
      <tbody>
        {rollouts.map((rollout) => (
          <tr key={rollout.id}>
            <td>
              <a href={`/rollouts/${rollout.id}`}>{rollout.flag}</a>
              <div class="soft small">{rollout.plan.title}</div>
            </td>
            <td>
              <StatusBadge status={rollout.status} />
            </td>
            <td class="number">{percent(rollout.percentage)}</td>
            <td>{rollout.environment}</td>
            <td class="soft sentence">{rollout.sentence}</td>
            <td class="nowrap">
              <Ago at={rollout.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

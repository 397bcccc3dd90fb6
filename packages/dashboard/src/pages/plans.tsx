import { actorName } from "@rampart/core";
import type { Page, PlanSummary } from "@rampart/core";
import { useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { Empty, Shown } from "../ui/state.tsx";
import { Ago } from "../ui/time.tsx";
import { TEMPLATES } from "./plan/templates.ts";

/** The stored plans, and those to begin from. */
export function PlansPage() {
  const plans = useResource<Page<PlanSummary>>("/api/v1/plans?limit=200", { on: ["rollouts"] });
  return (
    <>
      <div class="page-head">
        <h1>Plans</h1>
        {may("plans:write") ? (
          <a class="button button-primary" href="/plans/new">
            New plan
          </a>
        ) : null}
      </div>
      <div class="card card-table">
        <Shown resource={plans}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No plan yet">
                <p>
                  A plan says in stages how far a flag goes up, what must hold, and what takes it back. Begin from one
                  of these.
                </p>
              </Empty>
            ) : (
              <PlanTable plans={items} />
            )
          }
        </Shown>
      </div>
      <section class="stack" aria-labelledby="templates">
        <h2 id="templates">To begin from</h2>
        <ul class="ramps">
          {TEMPLATES.map(({ name, title, about }) => (
            <li class="card card-body stack-tight" key={name}>
              <h3>
                <a href={`/plans/new?from=${name}`}>{title}</a>
              </h3>
              <p class="soft">{about}</p>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function PlanTable({ plans }: { readonly plans: readonly PlanSummary[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Plan</th>
          <th>Flag</th>
          <th>Environment</th>
          <th class="number">Version</th>
          <th>Saved</th>
        </tr>
      </thead>
      <tbody>
        {plans.map((plan) => (
          <tr key={plan.digest}>
            <td>
              <a href={`/plans/${plan.name}`}>{plan.title}</a>
              <div class="soft small">{plan.name}</div>
            </td>
            <td>
              <a href={`/flags/${plan.flag}?environment=${plan.environment}`}>{plan.flag}</a>
            </td>
            <td>{plan.environment}</td>
            <td class="number">{plan.version}</td>
            <td>
              <Ago at={plan.createdAt} /> by {actorName(plan.createdBy)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

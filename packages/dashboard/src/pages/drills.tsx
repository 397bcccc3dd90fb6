import {
  actorName,
  BUDGET_MS,
  type DrillPage,
  type DrillView,
  type Page,
  type PlanSummary,
  plural,
} from "@rampart/core";
import { useState } from "preact/hooks";
import { refresh, useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { CommandDialog } from "../ui/dialog.tsx";
import { useEnvironment, useEnvironments } from "../ui/environments.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Badge } from "../ui/status.tsx";
import { duration } from "../ui/duration.ts";
import { Ago } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { rehearse } from "./rehearse.ts";

/** Rehearsed rollbacks. */
export function DrillsPage() {
  const drills = useResource<DrillPage>("/api/v1/drills?limit=100", { on: ["rollouts"] });
  const [isDrilling, setDrilling] = useState(false);
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Drills</h1>
          <p class="soft">A drill rehearses a rollback with the real clients, on a flag that no user meets.</p>
        </div>
        {may("rollouts:write") ? (
          <button type="button" class="button button-primary" onClick={() => setDrilling(true)}>
            Run a drill
          </button>
        ) : null}
      </div>
      <div class="card card-table" tabIndex={0}>
        <Shown resource={drills}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No drill yet">
                <p>Run one before you need it: it says how long a rollback really takes here.</p>
              </Empty>
            ) : (
              <DrillTable drills={items} />
            )
          }
        </Shown>
      </div>
      {isDrilling ? <NewDrill onClose={() => setDrilling(false)} /> : null}
    </>
  );
}

function NewDrill({ onClose }: { readonly onClose: () => void }) {
  const environments = useEnvironments();
  const suggested = useEnvironment();
  const plans = useResource<Page<PlanSummary>>("/api/v1/plans?limit=200");
  const [chosen, choose] = useState<string>();
  const [plan, setPlan] = useState("");
  const [step, setStep] = useState<string>();
  const environment = chosen ?? suggested ?? "production";
  const names = [...new Set(plans.data?.items.map(({ name }) => name))];
  const run = async (): Promise<void> => {
    try {
      const drill = await rehearse({ environment, ...(plan === "" ? {} : { plan }), onStep: setStep });
      say(`Rolled back in ${duration(drill.tookMs)}, with ${plural(drill.clients, "client")}.`);
    } finally {
      setStep(undefined);
      refresh("/api/v1/drills");
    }
  };
  return (
    <CommandDialog title="Run a drill" verb="Run" onClose={onClose} onConfirm={run}>
      <label class="field">
        <span class="label">Environment</span>
        <select class="input" value={environment} onChange={(event) => choose(event.currentTarget.value)}>
          {environments.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="label">Whose trigger</span>
        <select class="input" value={plan} onChange={(event) => setPlan(event.currentTarget.value)}>
          <option value="">a simple one, looked at each second</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p role="status">{step === undefined ? "It takes half a minute or so." : `${step} …`}</p>
    </CommandDialog>
  );
}

function DrillTable({ drills }: { readonly drills: readonly DrillView[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>When</th>
          <th>Environment</th>
          <th>Trigger</th>
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
            <td class="nowrap">
              <Ago at={drill.at} />
            </td>
            <td>{drill.environment}</td>
            <td>
              <code>{drill.condition ?? drill.trigger ?? ""}</code>
            </td>
            <td class="number nowrap">{duration(drill.tookMs)}</td>
            <td>
              <Verdict tookMs={drill.tookMs} withinMs={drill.withinMs ?? BUDGET_MS} />
            </td>
            <td class="number">{drill.clients}</td>
            <td>{actorName(drill.by)}</td>
            <td>
              <a href={`/rollouts/${drill.rollout}`}>
                Look<span class="visually-hidden"> at the drill of {drill.at}</span>
              </a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Verdict({ tookMs, withinMs }: { readonly tookMs: number; readonly withinMs: number }) {
  return tookMs <= withinMs ? (
    <Badge tone="good" mark="✓">{`within ${duration(withinMs)}`}</Badge>
  ) : (
    <Badge tone="bad" mark="!">{`over ${duration(withinMs)}`}</Badge>
  );
}

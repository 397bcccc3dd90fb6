import { actorName } from "@rampart/core";
import type { AuditEntry, OutboxView, Page, RolloutSummary } from "@rampart/core";
import { useResource } from "../api/resource.ts";
import { boundTo, may } from "../api/session.ts";
import { actionWords } from "../ui/actor.ts";
import { Bar } from "../ui/bar.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { isActive, percent, StatusBadge } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";

/** What is ramping, what needs a person, and what happened lately. */
export function OverviewPage() {
  const rollouts = useResource<Page<RolloutSummary>>("/api/v1/rollouts?limit=100", { on: ["rollouts"] });
  const environment = boundTo();
  const dead = useResource<Page<OutboxView>>(
    environment === undefined ? "/api/v1/outbox?status=dead&limit=20" : undefined,
    { everyMs: 30_000 },
  );
  const bound = environment === undefined ? "" : `&environment=${environment}`;
  const audit = useResource<Page<AuditEntry>>(`/api/v1/audit?order=newest&limit=12${bound}`, {
    on: ["rollouts", "environments"],
  });
  return (
    <>
      <div class="page-head">
        <h1>Overview</h1>
        {may("rollouts:write") && rollouts.data?.items.length !== 0 ? (
          <a class="button button-primary" href="/plans">
            Start a rollout
          </a>
        ) : null}
      </div>
      <Shown resource={rollouts}>
        {({ items }) => {
          const active = items.filter(({ status }) => isActive(status));
          const waiting = active.filter(({ status }) => NEEDS_PERSON.has(status));
          return (
            <>
              <Needs waiting={waiting} dead={dead.data?.items ?? []} />
              <section class="stack" aria-labelledby="ramping">
                <h2 id="ramping">Ramping now</h2>
                {active.length === 0 ? (
                  <div class="card">
                    <Empty title="Nothing is ramping">
                      <p>A rollout raises a flag by a plan and takes it back when it hurts.</p>
                      {may("rollouts:write") && items.length === 0 ? (
                        <p class="empty-act">
                          <a class="button button-primary" href="/welcome">
                            Make your first one
                          </a>
                        </p>
                      ) : null}
                    </Empty>
                  </div>
                ) : (
                  <div class="ramps">
                    {active.map((rollout) => (
                      <RampCard key={rollout.id} rollout={rollout} />
                    ))}
                  </div>
                )}
              </section>
              <Ended rollouts={items.filter(({ status }) => !isActive(status)).slice(0, 6)} />
            </>
          );
        }}
      </Shown>
      <section class="card" aria-labelledby="lately">
        <div class="card-head">
          <h2 id="lately">Lately</h2>
          <a href="/audit">Audit</a>
        </div>
        <Shown resource={audit} lines={6}>
          {({ items }) => (
            <ul class="needs">
              {items.map((entry) => (
                <li key={entry.seq}>
                  <span class="grow">
                    <strong>{actionWords(entry.action)}</strong>{" "}
                    <Target target={entry.target} rollouts={rollouts.data?.items ?? []} />
                    {entry.environment === undefined ? null : <span class="soft"> in {entry.environment}</span>}
                    {entry.reason === undefined ? null : <span class="soft"> · {entry.reason}</span>}
                  </span>
                  <span class="soft small">
                    {actorName(entry.actor)}, <Ago at={entry.at} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Shown>
      </section>
    </>
  );
}

/** What an entry is about, and the way there. */
function Target({ target, rollouts }: { readonly target: string; readonly rollouts: readonly RolloutSummary[] }) {
  const [kind, ...rest] = target.split("/");
  const name = rest.join("/");
  if (kind === "flag") return <a href={`/flags/${name}`}>{name}</a>;
  if (kind === "rollout")
    return <a href={`/rollouts/${name}`}>{rollouts.find(({ id }) => id === name)?.flag ?? name}</a>;
  return <code>{name}</code>;
}

const NEEDS_PERSON: ReadonlySet<string> = new Set(["preconditions", "awaiting", "paused"]);

function Needs({
  waiting,
  dead,
}: {
  readonly waiting: readonly RolloutSummary[];
  readonly dead: readonly OutboxView[];
}) {
  if (waiting.length === 0 && dead.length === 0) return null;
  return (
    <section class="card" aria-labelledby="needs">
      <div class="card-head">
        <h2 id="needs">Needs a person</h2>
      </div>
      <ul class="needs">
        {waiting.map((rollout) => (
          <li key={rollout.id}>
            <span class="grow">
              <StatusBadge status={rollout.status} /> <a href={`/rollouts/${rollout.id}`}>{rollout.flag}</a>{" "}
              <span class="soft">in {rollout.environment}</span>
              <br />
              <span class="soft">{rollout.sentence}</span>
            </span>
            <a class="button button-small" href={`/rollouts/${rollout.id}`}>
              Look
            </a>
          </li>
        ))}
        {dead.length === 0 ? null : (
          <li>
            <span class="grow">
              {dead.length === 1 ? "A notification" : `${dead.length} notifications`} could not be delivered and{" "}
              {dead.length === 1 ? "was" : "were"} given up.
            </span>
            <a class="button button-small" href="/channels">
              Look
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

function RampCard({ rollout }: { readonly rollout: RolloutSummary }) {
  return (
    <article class="card ramp-card">
      <div class="row-between">
        <h3>
          <a href={`/rollouts/${rollout.id}`}>{rollout.flag}</a>
        </h3>
        <StatusBadge status={rollout.status} />
      </div>
      <div class="row-between">
        <span class="percentage">{percent(rollout.percentage)}</span>
        <span class="soft small">
          {rollout.environment}
          {rollout.stage === null ? "" : ` · ${rollout.stage.name}`}
        </span>
      </div>
      <Bar share={rollout.percentage / 100} />
      <p>{rollout.sentence}</p>
    </article>
  );
}

function Ended({ rollouts }: { readonly rollouts: readonly RolloutSummary[] }) {
  if (rollouts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="ended">
      <div class="card-head">
        <h2 id="ended">Ended lately</h2>
        <a href="/rollouts">All rollouts</a>
      </div>
      <ul class="needs">
        {rollouts.map((rollout) => (
          <li key={rollout.id}>
            <span class="grow">
              <StatusBadge status={rollout.status} /> <a href={`/rollouts/${rollout.id}`}>{rollout.flag}</a>{" "}
              <span class="soft">
                in {rollout.environment} · {rollout.sentence}
              </span>
            </span>
            <span class="soft small">
              <Ago at={rollout.endedAt ?? rollout.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

import { BUDGET_MS, budgetOf, type QuantilesView, type ReceiptsView, type RolloutView } from "@rampart/core";
import { Badge, type Tone } from "../../ui/status.tsx";
import { duration } from "../../ui/duration.ts";
import { Ago, In } from "../../ui/time.tsx";

/** After a rollback: whether it reached everybody, where the time went, and whether it helped. */
export function Rollback({ rollout }: { readonly rollout: RolloutView }) {
  const { rollback, recovery } = rollout;
  if (rollback === undefined && recovery === undefined) return null;
  return (
    <section class="card" aria-labelledby="rollback">
      <div class="card-head">
        <h2 id="rollback">The rollback</h2>
        {rollback === undefined ? null : <VerdictBadge receipts={rollback} />}
      </div>
      <div class="card-body stack">
        {rollback === undefined ? null : (
          <>
            <Reached receipts={rollback} />
            <Legs receipts={rollback} />
            <Stragglers receipts={rollback} />
          </>
        )}
        {recovery === undefined ? null : <Recovery rollout={rollout} />}
      </div>
    </section>
  );
}

const VERDICTS: Readonly<Record<ReceiptsView["verdict"], readonly [string, Tone, string]>> = {
  open: ["waiting for receipts", "warn", "…"],
  proven: ["proven: every client said so", "good", "✓"],
  bounded: ["bounded: the silent ones are past their lease", "warn", "◷"],
  unproven: ["unproven: some said nothing", "bad", "!"],
};

function VerdictBadge({ receipts }: { readonly receipts: ReceiptsView }) {
  const [word, tone, mark] = VERDICTS[receipts.verdict];
  if (receipts.expected === 0) return <Badge tone="neutral">no client was connected</Badge>;
  return (
    <Badge tone={tone} mark={mark}>
      {word}
    </Badge>
  );
}

function Reached({ receipts }: { readonly receipts: ReceiptsView }) {
  const { expected, acknowledged, applied } = receipts;
  if (expected === 0) return null;
  return (
    <div class="reached">
      <p>
        <strong class="big">
          {acknowledged.toLocaleString()} of {expected.toLocaleString()}
        </strong>{" "}
        clients at 0 %
        {applied === undefined ? null : (
          <>
            , the median after {duration(applied.p50Ms)}, 99 of 100 after {duration(applied.p99Ms)}, the last after{" "}
            {duration(applied.maxMs)}
          </>
        )}
      </p>
      {applied === undefined ? null : <Curve applied={applied} share={acknowledged / expected} />}
    </div>
  );
}

/** Clients that were off, over the time since the commit. */
function Curve({ applied, share }: { readonly applied: QuantilesView; readonly share: number }) {
  const { p50Ms, p99Ms, maxMs } = applied;
  const end = Math.max(1, maxMs);
  const points = [
    [0, 0],
    [p50Ms / end, 0.5 * share],
    [p99Ms / end, 0.99 * share],
    [1, share],
  ] as const;
  const line = points.map(
    ([x, y], index) => `${index === 0 ? "M" : "L"}${(x * 196 + 2).toFixed(1)} ${(58 - y * 54).toFixed(1)}`,
  );
  return (
    <figure>
      <svg
        class="receipts-curve"
        viewBox="0 0 200 60"
        role="img"
        aria-label={`Clients at 0 % within ${duration(maxMs)} of the commit`}
      >
        <path class="spark-line" d={line.join("")} />
      </svg>
      <figcaption class="row-between soft small">
        <span>commit</span>
        <span>{duration(maxMs)}</span>
      </figcaption>
    </figure>
  );
}

function Legs({ receipts }: { readonly receipts: ReceiptsView }) {
  const budget = budgetOf(receipts.legs);
  const known = budget.legs.filter(({ ms }) => ms !== undefined);
  const total = Math.max(1, budget.totalMs);
  return (
    <figure class="stack-tight">
      <figcaption>
        <strong>{duration(budget.totalMs)}</strong> of {duration(BUDGET_MS)}:{" "}
        {budget.isKept ? "within the budget" : "over the budget"}
        {budget.isMeasured ? "" : ", without the clients' part, from which nothing was heard yet"}
      </figcaption>
      <div class="legs" aria-hidden="true">
        {known.map(({ name, ms = 0 }, index) => (
          <i
            key={name}
            class={`leg-${index}`}
            title={`${name}: ${duration(ms)}`}
            ref={(leg) => void (leg && (leg.style.flexGrow = String(Math.max(ms / total, 0.01))))}
          />
        ))}
      </div>
      <ol class="legend">
        {known.map(({ name, ms = 0 }, index) => (
          <li key={name}>
            <i class={`leg-${index}`} aria-hidden="true" /> {name} <strong>{duration(ms)}</strong>
          </li>
        ))}
      </ol>
    </figure>
  );
}

function Stragglers({ receipts }: { readonly receipts: ReceiptsView }) {
  if (receipts.stragglers.length === 0) return null;
  return (
    <div class="card-table" tabIndex={0}>
      <table>
        <caption class="visually-hidden">Clients that said nothing</caption>
        <thead>
          <tr>
            <th>Silent client</th>
            <th>SDK</th>
            <th>Address</th>
            <th>Heard</th>
            <th>Off by its lease</th>
          </tr>
        </thead>
        <tbody>
          {receipts.stragglers.map((client) => (
            <tr key={client.instanceId}>
              <td>
                <code>{client.instanceId}</code>
              </td>
              <td>{client.sdk}</td>
              <td>{client.address}</td>
              <td>
                <Ago at={client.lastContactAt} />
              </td>
              <td>{client.offAt === undefined ? "no lease" : <In at={client.offAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Recovery({ rollout }: { readonly rollout: RolloutView }) {
  const { recovery } = rollout;
  switch (recovery?.state) {
    case undefined:
      return null;
    case "verifying":
      return (
        <p>
          Watching whether it helped
          {recovery.until === undefined ? null : (
            <>
              ; given up <In at={recovery.until} />
            </>
          )}
          .
        </p>
      );
    case "recovered":
      return (
        <p>
          <Badge tone="good" mark="✓">
            recovered
          </Badge>{" "}
          The criteria hold again: the rollback helped.
        </p>
      );
    case "notRecovered":
      return (
        <p>
          <Badge tone="bad" mark="!">
            not recovered
          </Badge>{" "}
          The flag is off and the criteria still don't hold. It is not this flag: look elsewhere.
        </p>
      );
    case "unchecked":
      return <p class="soft">The plan gives nothing to see recovery by.</p>;
  }
}

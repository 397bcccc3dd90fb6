import type { ClientsView } from "@rampart/core";
import { useResource } from "../../api/resource.ts";
import { Bar } from "../../ui/bar.tsx";
import { Shown } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";

/** Clients that lag behind and are shown by name. */
const STRAGGLERS_MAX = 10;

/** How many of the connected clients have what the server has. */
export function Convergence({ environment }: { readonly environment: string }) {
  const clients = useResource<ClientsView>(`/api/v1/environments/${environment}/clients?limit=${STRAGGLERS_MAX}`, {
    on: [`environment:${environment}`],
    everyMs: 5_000,
  });
  return (
    <section class="card" aria-labelledby="clients">
      <div class="card-head">
        <h2 id="clients">Clients</h2>
        <a href={`/clients?environment=${environment}`}>All</a>
      </div>
      <Shown resource={clients} lines={2}>
        {({ total, current, revision, clients: shown }) => {
          const behind = shown.filter(({ lag }) => lag > 0).slice(0, STRAGGLERS_MAX);
          return (
            <div class="card-body stack-tight">
              <p>
                {total === 0 ? (
                  "No SDK is connected: nobody would hear of a change."
                ) : (
                  <>
                    <strong>
                      {current.toLocaleString()} of {total.toLocaleString()}
                    </strong>{" "}
                    at revision {revision}
                  </>
                )}
              </p>
              {total === 0 ? null : <Bar share={current / total} tone={current === total ? "good" : "warn"} />}
              {behind.map((client) => (
                <p class="small" key={client.instanceId}>
                  <code>{client.instanceId}</code> {client.sdk} at {client.address}: revision {client.revision}, heard{" "}
                  <Ago at={client.lastContactAt} />
                </p>
              ))}
            </div>
          );
        }}
      </Shown>
    </section>
  );
}

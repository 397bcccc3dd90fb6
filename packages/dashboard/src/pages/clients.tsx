import type { ClientsView, ClientView } from "@rampart/core";
import { useResource } from "../api/resource.ts";
import { Bar } from "../ui/bar.tsx";
import { EnvironmentSelect, useEnvironment } from "../ui/environments.tsx";
import { Badge } from "../ui/status.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Ago } from "../ui/time.tsx";

const SHOWN_MAX = 200;

/** The SDKs that are connected, those furthest behind first. */
export function ClientsPage() {
  const environment = useEnvironment();
  const clients = useResource<ClientsView>(
    environment === undefined ? undefined : `/api/v1/environments/${environment}/clients?limit=${SHOWN_MAX}`,
    { on: [`environment:${environment ?? ""}`], everyMs: 3_000 },
  );
  return (
    <>
      <div class="page-head">
        <h1>Clients</h1>
        <EnvironmentSelect chosen={environment} />
      </div>
      <Shown resource={clients} lines={8}>
        {(view) => (
          <>
            {view.total === 0 ? null : (
              <div class="card card-body stack-tight">
                <p class="row">
                  <strong class="big">
                    {view.current.toLocaleString()} of {view.total.toLocaleString()}
                  </strong>
                  <span class="soft">
                    {view.total === 1 ? "client" : "clients"} at revision {view.revision}
                  </span>
                </p>
                <Bar share={view.current / view.total} tone={view.current === view.total ? "good" : "warn"} />
              </div>
            )}
            <div class="card card-table" tabIndex={0}>
              {view.clients.length === 0 ? (
                <Empty title="No SDK is connected">
                  <p>
                    Start a program with the SDK and a server key of {view.environment}.{" "}
                    <a href="/tokens">Make a key</a>
                  </p>
                </Empty>
              ) : (
                <ClientTable clients={view.clients} />
              )}
            </div>
            {view.missing === undefined ? null : (
              <p class="soft small">Not heard of: the clients of {view.missing.join(", ")}.</p>
            )}
            {view.total > view.clients.length ? (
              <p class="soft small">
                {view.clients.length} of {view.total.toLocaleString()} are listed, the furthest behind first.
              </p>
            ) : null}
          </>
        )}
      </Shown>
    </>
  );
}

/** The server that has it, and the relays that it is behind, where there are any. */
const placeOf = ({ replica, relay }: ClientView): string =>
  [replica, relay].filter((one) => one !== undefined).join("/");

function ClientTable({ clients }: { readonly clients: readonly ClientView[] }) {
  const areSeveral = clients.some((client) => placeOf(client) !== "");
  return (
    <table>
      <thead>
        <tr>
          <th>Instance</th>
          <th>SDK</th>
          <th>Address</th>
          <th>Transport</th>
          {areSeveral ? <th>Server</th> : null}
          <th class="number">Revision</th>
          <th>State</th>
          <th>Heard</th>
          <th>Connected</th>
        </tr>
      </thead>
      <tbody>
        {clients.map((client) => (
          <tr key={client.instanceId}>
            <td>
              <code>{client.instanceId}</code>
            </td>
            <td>{client.sdk}</td>
            <td>{client.address}</td>
            <td>{client.transport}</td>
            {areSeveral ? <td>{placeOf(client)}</td> : null}
            <td class="number">{client.revision}</td>
            <td>
              {client.lag === 0 ? (
                <Badge tone="good" mark="✓">
                  current
                </Badge>
              ) : (
                <Badge tone="warn" mark="!">{`${client.lag} behind`}</Badge>
              )}
            </td>
            <td class="nowrap">
              <Ago at={client.lastContactAt} />
            </td>
            <td class="nowrap">
              <Ago at={client.connectedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

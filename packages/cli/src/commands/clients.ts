import type { ClientsView } from "@rampart/core";
import { paths } from "../api/paths.ts";
import { parseCount } from "../input/count.ts";
import { ago, count } from "../output/format.ts";
import { table, type Cell } from "../output/table.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const LIMIT_MAX = 50_000;

/** `rampart clients` */
export const define: Define = (command, bind) => {
  command
    .description("List the SDKs that are connected to an environment, with the revision that each of them has.")
    .option("--limit <count>", "how many to list, those furthest behind first (default: 1000)", parseCount(LIMIT_MAX))
    .action(
      bind<readonly [], { readonly limit?: number }>(async (run, _args, { limit }) => {
        const api = await run.api();
        const view = await api.request<ClientsView>({ path: paths.clients(run.environment), query: { limit } });
        run.print(view, () => (view.clients.length === 0 ? "" : clientsText(run, view)));
        if (!run.json) run.note(summary(view));
      }),
    );
};

function clientsText(run: Run, view: ClientsView): string {
  const now = run.io.now();
  const areSeveral = view.clients.some(({ replica }) => replica !== undefined);
  return table(
    [
      { title: "CLIENT", shrinkTo: 8 },
      { title: "SDK" },
      { title: "ADDRESS", shrinkTo: 9 },
      { title: "BY" },
      { title: "REVISION", align: "right" },
      { title: "BEHIND", align: "right" },
      { title: "CONFIRMED", optional: true },
      { title: "LAST CONTACT" },
      { title: "CONNECTED", optional: true },
      ...(areSeveral ? [{ title: "SERVER", shrinkTo: 8 }] : []),
    ],
    view.clients.map((client) => [
      client.instanceId,
      client.sdk,
      client.address,
      client.transport,
      String(client.revision),
      behind(client.lag),
      client.acknowledgedAt === undefined ? { text: "-", paint: "dim" } : ago(client.acknowledgedAt, now),
      ago(client.lastContactAt, now),
      { text: ago(client.connectedAt, now), paint: "dim" },
      ...(areSeveral ? [client.replica ?? "-"] : []),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

function behind(lag: number): Cell {
  return lag === 0 ? { text: "0", paint: "dim" } : { text: count(lag), paint: "yellow" };
}

function summary(view: ClientsView): string {
  const missing = view.missing === undefined ? "" : `; not heard of: the clients of ${view.missing.join(", ")}`;
  if (view.total === 0) return `no client is connected to ${view.environment} (revision ${view.revision})${missing}`;
  const listed = view.clients.length < view.total ? `; ${count(view.clients.length)} are listed` : "";
  return `${count(view.current)} of ${count(view.total)} clients in ${view.environment} have revision ${view.revision}${listed}${missing}`;
}

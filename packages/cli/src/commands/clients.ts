import { isSilent, type ClientsView, type ClientView } from "@rampart/core";
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
        if (!run.json) run.note(summary(view, run.io.now()));
      }),
    );
};

function clientsText(run: Run, view: ClientsView): string {
  const now = run.io.now();
  const areSeveral = view.clients.some((client) => placeOf(client) !== "");
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
      lastContact(client, now),
      { text: ago(client.connectedAt, now), paint: "dim" },
      ...(areSeveral ? [placeOf(client) || "-"] : []),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

/** The server that has it, and the relays that it is behind, where there are any. */
const placeOf = ({ replica, relay }: ClientView): string =>
  [replica, relay].filter((one) => one !== undefined).join("/");

function behind(lag: number): Cell {
  return lag === 0 ? { text: "0", paint: "dim" } : { text: count(lag), paint: "yellow" };
}

function lastContact(client: ClientView, now: number): Cell {
  return {
    text: ago(client.lastContactAt, now),
    paint: isSilent(client, now) ? "yellow" : "none",
  };
}

function summary(view: ClientsView, now: number): string {
  const missing = view.missing === undefined ? "" : `; not heard of: the clients of ${view.missing.join(", ")}`;
  if (view.total === 0) return `no client is connected to ${view.environment} (revision ${view.revision})${missing}`;
  const listed = view.clients.length < view.total ? `; ${count(view.clients.length)} are listed` : "";
  return `${count(view.current)} of ${count(view.total)} clients in ${view.environment} were sent revision ${view.revision}${listed}${silence(view, now)}${missing}`;
}

/** A process that ended is remembered for ten minutes, since nobody can tell it from one that is cut off. */
function silence({ clients }: ClientsView, now: number): string {
  const silent = clients.filter((client) => isSilent(client, now)).length;
  return silent === 0 ? "" : `; ${count(silent)} not heard of lately: ended, or cut off`;
}

import type { Basis, ClientsView, ClientView } from "@rampart/core";
import { byLag, lagOf } from "./clients.ts";

/** Clients that one server lists for the others. Beyond them one that has moved may be counted at both servers until it is forgotten at the first. */
export const LISTED_MAX = 5_000;

/** The clients of one server or relay, as it knows them. */
export interface ClientList {
  /** The server's name; missing: it is the only one. */
  readonly replica?: string;
  /** The relay's name; missing: it is a server. */
  readonly relay?: string;
  readonly view: ClientsView;
}

/**
 * The clients of all servers as one list, seen from the `present` of the one that is asked. A client that moved from one server to another is one
 * client, at the server that heard of it last. The order of the lists makes no difference.
 */
export function wholeClients(
  lists: readonly ClientList[],
  { limit, ...present }: Basis & { readonly environment: string; readonly limit: number },
): ClientsView {
  const known = new Map<string, ClientView>();
  let unlisted = 0;
  let unlistedCurrent = 0;
  for (const { replica, relay, view } of lists) {
    for (const client of view.clients) {
      const other = known.get(client.instanceId);
      if (other !== undefined && !isNewer(client, other)) continue;
      known.set(client.instanceId, {
        ...client,
        lag: lagOf(client, present),
        ...(replica !== undefined && { replica }),
        ...(relay !== undefined && { relay: behind(relay, client.relay) }),
      });
    }
    unlisted += view.total - view.clients.length;
    // Who is not listed is at what their own server has; whether that is the present of this one is another matter.
    if (lagOf(view, present) === 0)
      unlistedCurrent += view.current - view.clients.filter(({ lag }) => lag === 0).length;
  }
  const clients = [...known.values()].toSorted(byLag);
  return {
    ...present,
    clients: clients.slice(0, limit),
    total: clients.length + unlisted,
    current: clients.filter(({ lag }) => lag === 0).length + unlistedCurrent,
  };
}

/** The name of a relay that is behind another. */
export const behind = (relay: string, inner: string | undefined): string =>
  inner === undefined ? relay : `${relay}/${inner}`;

function isNewer(one: ClientView, other: ClientView): boolean {
  return one.lastContactAt > other.lastContactAt;
}

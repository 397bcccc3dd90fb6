import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { ClientsView } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { pause, type Timers } from "../ports/timers.ts";
import { ClientListRows } from "../store/postgres/client-list-rows.ts";
import type { Pool } from "../store/postgres/pool.ts";
import type { Replica, Replicas } from "../store/postgres/replicas.ts";
import { type ClientList, LISTED_MAX, wholeClients } from "../stream/client-lists.ts";
import type { Hub } from "../stream/hub.ts";

/** How often a server looks whether somebody wants to know its clients, and says it. */
const LOOK_EVERY_MS = 1_000;

/** The first to ask waits so long for the others at most; who asks again within seconds finds their lists there. */
const WAIT_MAX_MS = 3_000;
const WAIT_STEP_MS = 200;

/** Of what another server says: `LISTED_MAX` clients with the longest names. */
const LIST_BYTES_MAX = 8 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What clients are exchanged with. */
export interface ClientsExchangeParts {
  readonly pool: Pool;
  readonly replicas: Pick<Replicas, "present">;
  readonly self: Replica;
  readonly hub: Pick<Hub, "clientsView">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** The clients of all servers. */
export interface ClientsExchange {
  /** Undefined: no such environment. Never rejects: servers that can't be asked are named as missing. */
  view(environment: string, limit: number): Promise<ClientsView | undefined>;
  stop(): Promise<void>;
}

/** Says which clients this server has whenever somebody asks one of the servers, and asks the others. */
export function startClientsExchange(parts: ClientsExchangeParts): ClientsExchange {
  const { pool, replicas, self, hub, clock, timers, logger } = parts;
  let peers: readonly Replica[] = [];
  /** Those that have not answered, as one that crashed: nobody waits for them again until they have. */
  const silent = new Set<string>();
  let running: Promise<void> | undefined;
  const answer = async (): Promise<void> => {
    peers = (await replicas.present()).filter(({ instance }) => instance !== self.instance);
    for (const instance of silent) if (!peers.some((peer) => peer.instance === instance)) silent.delete(instance);
    if (peers.length === 0) return;
    for (const environment of await pool.run((session) => new ClientListRows(session).asked())) {
      const view = hub.clientsView(environment, LISTED_MAX);
      if (view === undefined) continue;
      const body = await deflate(JSON.stringify(view));
      await pool.run((session) => new ClientListRows(session).save(environment, self.instance, body));
    }
  };
  let isFailing = false;
  const cancel = timers.every(LOOK_EVERY_MS, () => {
    running ??= answer()
      .then(() => (isFailing = false))
      .catch((error: unknown) => {
        if (!isFailing) logger.warn({ err: error }, "the other servers can't be told which clients are here");
        isFailing = true;
      })
      .then(() => void (running = undefined));
  });
  const listsOf = async (environment: string): Promise<ReadonlyMap<string, ClientsView>> => {
    const rows = await pool.run((session) => new ClientListRows(session).ofOthers(self.instance, environment));
    return new Map(await Promise.all(rows.map(async ({ instance, body }) => [instance, await viewOf(body)] as const)));
  };
  /** What the others say, once all have or it took too long. */
  const asked = async (environment: string): Promise<ReadonlyMap<string, ClientsView>> => {
    await pool.run((session) => new ClientListRows(session).ask(environment));
    const untilMs = clock.monotonicMs() + WAIT_MAX_MS;
    for (;;) {
      const lists = await listsOf(environment);
      for (const instance of lists.keys()) silent.delete(instance);
      const awaited = peers.filter(({ instance }) => !lists.has(instance) && !silent.has(instance));
      if (awaited.length === 0) return lists;
      if (clock.monotonicMs() >= untilMs) {
        for (const { instance } of awaited) silent.add(instance);
        return lists;
      }
      await pause(timers, WAIT_STEP_MS);
    }
  };
  return {
    async view(environment, limit) {
      if (hub.clientsView(environment, 0) === undefined) return undefined;
      const lists =
        peers.length === 0
          ? new Map<string, ClientsView>()
          : await asked(environment).catch((error: unknown) => {
              logger.warn({ err: error }, "the other servers can't be asked for their clients");
              return new Map<string, ClientsView>();
            });
      const own = hub.clientsView(environment, Math.max(limit, LISTED_MAX));
      if (own === undefined) return undefined;
      const others = peers.flatMap(({ instance, name }): readonly ClientList[] => {
        const view = lists.get(instance);
        return view === undefined ? [] : [{ replica: name, view }];
      });
      const { epoch, revision } = own;
      const whole = wholeClients([{ replica: self.name, view: own }, ...others], {
        environment,
        epoch,
        revision,
        limit,
      });
      const missing = peers.filter(({ instance }) => !lists.has(instance)).map(({ name }) => name);
      return { ...whole, ...(missing.length > 0 && { missing }) };
    },
    async stop() {
      cancel();
      await running;
    },
  };
}

/** What a server of the same database wrote. */
async function viewOf(body: Uint8Array): Promise<ClientsView> {
  const text = await inflate(body, { maxOutputLength: LIST_BYTES_MAX });
  return JSON.parse(text.toString("utf8")) as ClientsView;
}

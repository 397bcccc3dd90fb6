import type { ClientsView } from "@rampart/core";
import { PROMISE_MS } from "../domain/receipts.ts";
import type { EpochMs } from "../ports/store.ts";
import { type ClientList, LISTED_MAX } from "./client-lists.ts";
import { SILENCE_MAX_MS } from "./clients.ts";

/** A relay that said nothing for this long is waited for no more: what its clients hold under a lease is over by then. */
export const AWAITED_MAX_MS: number = PROMISE_MS;

/** Relays that are remembered behind one server, in one environment. */
export const RELAYS_MAX = 200;

/** Clients behind relays that are remembered by name, some 400 bytes each. With more, the lists of relays that were silent for longest go. */
export const RELAYED_MAX = 200_000;

/** What a relay says of itself. */
export interface RelayIdentity {
  /** Random, for the life of its process. */
  readonly instanceId: string;
  /** For people. */
  readonly name: string;
}

/** A relay as it stands. */
export interface KnownRelay extends RelayIdentity {
  /** It may have clients that nobody else knows of. */
  readonly isAwaited: boolean;
  readonly heardAt: EpochMs;
  /** Its clients, when it last said whom it has. */
  readonly clients: ClientsView["clients"];
}

interface Relay {
  readonly identity: RelayIdentity;
  heardAt: EpochMs;
  heardAtMs: number;
  hasLeft: boolean;
  view: ClientsView | undefined;
}

/** The relays that follow one environment at this server, and the clients behind them. `nowMs` is monotonic. */
export class Relays {
  /** In the order in which they were last heard of. */
  readonly #known = new Map<string, Relay>();

  /** A relay asked or reported. */
  heard(identity: RelayIdentity, { now, nowMs }: { readonly now: EpochMs; readonly nowMs: number }): void {
    const relay = this.#known.get(identity.instanceId) ?? { identity, hasLeft: false, view: undefined };
    this.#known.delete(identity.instanceId);
    this.#known.set(identity.instanceId, { ...relay, heardAt: now, heardAtMs: nowMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > RELAYS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** A relay says whom it has. Unknown ones are to be heard of first. */
  listed(instanceId: string, view: ClientsView): void {
    const relay = this.#known.get(instanceId);
    if (relay === undefined) return;
    relay.view = { ...view, clients: view.clients.slice(0, LISTED_MAX) };
    let listed = 0;
    for (const one of [...this.#known.values()].toReversed()) {
      listed += one.view?.clients.length ?? 0;
      if (listed > RELAYED_MAX) one.view = undefined;
    }
  }

  /** A relay goes, and has said all that it knew. */
  left(instanceId: string): void {
    const relay = this.#known.get(instanceId);
    if (relay !== undefined) relay.hasLeft = true;
  }

  /** Every relay that is remembered. */
  known(nowMs: number): readonly KnownRelay[] {
    return [...this.#known.values()].map(({ identity, heardAt, heardAtMs, hasLeft, view }) => ({
      ...identity,
      heardAt,
      isAwaited: !hasLeft && nowMs - heardAtMs < AWAITED_MAX_MS,
      clients: view?.clients ?? [],
    }));
  }

  nameOf(instanceId: string): string | undefined {
    return this.#known.get(instanceId)?.identity.name;
  }

  /** Their clients. */
  lists(): readonly ClientList[] {
    return [...this.#known.values()].flatMap(({ identity, view }) =>
      view === undefined ? [] : [{ relay: identity.name, view }],
    );
  }

  /** Forgets those that have been silent for as long as a client may be. */
  prune(nowMs: number): void {
    for (const [instanceId, { heardAtMs }] of this.#known) {
      if (nowMs - heardAtMs < SILENCE_MAX_MS) return;
      this.#known.delete(instanceId);
    }
  }
}

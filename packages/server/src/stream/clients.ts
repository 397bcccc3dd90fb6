import type { Acknowledgement, Basis, ClientsView, ClientView } from "@rampart/core";
import type { EpochMs } from "../ports/store.ts";

/** Clients remembered in one environment. Each is some 400 bytes. */
export const CLIENTS_MAX = 50_000;

/** A client that was not heard of for this long is forgotten; until then it counts as a straggler. */
export const SILENCE_MAX_MS = 10 * 60_000;

/** Who was silent for longest is known this exactly: a client that polls all the time is not moved each time. */
const ORDER_ACCURACY_MS = 1_000;

/** What a client says of itself in the headers of each request. */
export interface ClientIdentity {
  /** Random, for the life of the client. */
  readonly instanceId: string;
  /** `node/0.1.0`. */
  readonly sdk: string;
  readonly address: string;
}

/** What an open stream knows of its client at this moment. */
export interface LiveContact {
  /** What it was last sent. */
  held(): Basis;
  lastContactAt(): EpochMs;
  /** It has not read all of what it was sent, so that it may go on reading what is no longer true. */
  isBehind(): boolean;
  /** It is a page's, which is told of flags that are visible to browsers alone. */
  readonly isPage?: boolean;
}

/** A client said that it holds something. */
export interface Holding {
  readonly instanceId: string;
  readonly held: Basis;
  readonly receivedAt: EpochMs;
  /** Of a receipt: when by the client's clock, and by how much the server's is ahead of that at most. */
  readonly clock?: { readonly appliedAt: EpochMs; readonly offsetMaxMs: number };
}

/** A client that is remembered, as it stands. */
export interface Standing {
  readonly identity: ClientIdentity;
  readonly held: Basis;
  readonly lastContactAt: EpochMs;
  /** It has a stream. */
  readonly isLive: boolean;
  /** As of `LiveContact`. */
  readonly isBehind: boolean;
  readonly isPage: boolean;
}

interface Client {
  readonly identity: ClientIdentity;
  readonly connectedAt: EpochMs;
  readonly isPage: boolean;
  transport: "stream" | "poll";
  lastContactAt: EpochMs;
  /** When it last said something, which is more than that something was written to it. */
  heardAt: EpochMs;
  /** What it was last known to hold, while `live` doesn't know better. */
  held: Basis;
  receipt: Receipt | undefined;
  /** The server's clock is ahead of the client's by at most this. */
  offsetMaxMs: number;
  live: LiveContact | undefined;
}

interface Receipt extends Basis {
  readonly at: EpochMs;
}

const NOTHING_HELD: Basis = { epoch: "", revision: 0 };

/**
 * The SDK instances of one environment: those with a stream, and those lately heard of. Kept in memory, because a receipt that had
 * to be stored would make ten thousand writes of one kill.
 */
export class Clients {
  readonly #max: number;
  readonly #onHolding: (holding: Holding) => void;
  readonly #streaming = new Map<string, Client>();
  /** In the order of their last contact, so that the longest silent is the first. */
  readonly #silent = new Map<string, Client>();

  constructor(max: number = CLIENTS_MAX, onHolding: (holding: Holding) => void = () => undefined) {
    this.#max = max;
    this.#onHolding = onHolding;
  }

  /** A stream was opened for a client. `basis`: what it says that it holds, which counts as its receipt. */
  connected(identity: ClientIdentity, live: LiveContact, now: EpochMs, basis?: Basis): void {
    const known = this.#find(identity.instanceId);
    this.#silent.delete(identity.instanceId);
    this.#makeRoom();
    const client: Client = {
      identity,
      connectedAt: now,
      isPage: live.isPage ?? false,
      transport: "stream",
      lastContactAt: now,
      heardAt: now,
      held: live.held(),
      receipt: known?.receipt,
      offsetMaxMs: known?.offsetMaxMs ?? Number.POSITIVE_INFINITY,
      live,
    };
    this.#streaming.set(identity.instanceId, client);
    if (basis === undefined) return;
    acknowledge(client, basis, now);
    this.#onHolding({ instanceId: identity.instanceId, held: basis, receivedAt: now });
  }

  /** That stream was closed. */
  disconnected({ instanceId }: ClientIdentity, live: LiveContact): void {
    const client = this.#streaming.get(instanceId);
    // The client may have come back on a new stream before the end of the old one was seen.
    if (client?.live !== live) return;
    this.#streaming.delete(instanceId);
    client.held = live.held();
    client.lastContactAt = Math.max(client.lastContactAt, live.lastContactAt());
    client.live = undefined;
    this.#silent.set(instanceId, client);
  }

  /** As `polled`, for a client that is known: false for every other. */
  polledAgain(instanceId: string, held: { readonly basis: Basis | undefined; readonly now: EpochMs }): boolean {
    const client = this.#find(instanceId);
    if (client === undefined) return false;
    if (client.live === undefined) {
      client.transport = "poll";
      if (held.now - client.lastContactAt >= ORDER_ACCURACY_MS) {
        this.#silent.delete(instanceId);
        this.#silent.set(instanceId, client);
      }
    }
    client.lastContactAt = held.now;
    client.heardAt = held.now;
    this.#polledWith(client, held);
    return true;
  }

  /** A client asked for the flags, and said (or did not say) what it holds: its answer to the last change. */
  polled(identity: ClientIdentity, held: { readonly basis: Basis | undefined; readonly now: EpochMs }): void {
    if (this.polledAgain(identity.instanceId, held)) return;
    this.#makeRoom();
    const client: Client = {
      identity,
      connectedAt: held.now,
      isPage: false,
      transport: "poll",
      lastContactAt: held.now,
      heardAt: held.now,
      held: NOTHING_HELD,
      receipt: undefined,
      offsetMaxMs: Number.POSITIVE_INFINITY,
      live: undefined,
    };
    this.#silent.set(identity.instanceId, client);
    this.#polledWith(client, held);
  }

  /** A receipt. Returns false when the client is not known: it is then remembered only once it connects or polls. */
  acknowledged(receipt: Acknowledgement, now: EpochMs): boolean {
    const client = this.#find(receipt.instanceId);
    if (client === undefined) return false;
    client.lastContactAt = now;
    client.heardAt = now;
    acknowledge(client, receipt, now);
    const { instanceId, epoch, revision, appliedAt } = receipt;
    client.offsetMaxMs = Math.min(client.offsetMaxMs, now - appliedAt);
    const { offsetMaxMs } = client;
    this.#onHolding({
      instanceId,
      held: { epoch, revision },
      receivedAt: now,
      clock: { appliedAt, offsetMaxMs },
    });
    return true;
  }

  /** Every client that is remembered, those with a stream first. */
  *standing(): Generator<Standing> {
    for (const client of this.#streaming.values()) yield standingOf(client);
    for (const client of this.#silent.values()) yield standingOf(client);
  }

  /** A client said that it is being closed: it is nobody who could be on any more. */
  left(instanceId: string): void {
    this.#streaming.delete(instanceId);
    this.#silent.delete(instanceId);
  }

  /** When a client last said something, whatever was written to it since; undefined: it is not remembered. */
  heardAt(instanceId: string): EpochMs | undefined {
    return this.#find(instanceId)?.heardAt;
  }

  /** Forgets clients that have been silent for too long. */
  prune(now: EpochMs): void {
    for (const [id, client] of this.#silent) {
      if (now - client.lastContactAt < SILENCE_MAX_MS) return;
      this.#silent.delete(id);
    }
  }

  /** The clients, those furthest behind first; `limit` of them are listed, all are counted. */
  view(of: {
    readonly environment: string;
    readonly epoch: string;
    readonly revision: number;
    readonly limit: number;
  }): ClientsView {
    const clients = [...this.#streaming.values(), ...this.#silent.values()].map((client) => viewOf(client, of));
    clients.sort(byLag);
    return {
      environment: of.environment,
      epoch: of.epoch,
      revision: of.revision,
      clients: clients.slice(0, of.limit),
      total: clients.length,
      current: clients.filter((client) => client.lag === 0).length,
    };
  }

  #polledWith(client: Client, { basis, now }: { readonly basis: Basis | undefined; readonly now: EpochMs }): void {
    if (basis === undefined) return;
    acknowledge(client, basis, now);
    this.#onHolding({ instanceId: client.identity.instanceId, held: basis, receivedAt: now });
  }

  #find(instanceId: string): Client | undefined {
    return this.#streaming.get(instanceId) ?? this.#silent.get(instanceId);
  }

  #makeRoom(): void {
    while (this.#streaming.size + this.#silent.size >= this.#max) {
      const oldest = this.#silent.keys().next();
      if (oldest.done === true) return;
      this.#silent.delete(oldest.value);
    }
  }
}

/** Takes what a client says that it holds; a message that comes late does not take it back. */
function acknowledge(client: Client, held: Basis, at: EpochMs): void {
  const { epoch, revision } = held;
  if (client.receipt?.epoch !== epoch || client.receipt.revision < revision) client.receipt = { epoch, revision, at };
  if (client.held.epoch !== epoch || client.held.revision < revision) client.held = { epoch, revision };
}

const lastContactOf = ({ lastContactAt, live }: Client): EpochMs => Math.max(lastContactAt, live?.lastContactAt() ?? 0);

/** Revisions that one who holds something is behind the present. */
export function lagOf(held: Basis, present: Basis): number {
  return held.epoch === present.epoch ? Math.max(0, present.revision - held.revision) : present.revision;
}

/** Those furthest behind first. */
export function byLag(a: ClientView, b: ClientView): number {
  return b.lag - a.lag || (a.instanceId < b.instanceId ? -1 : 1);
}

function standingOf(client: Client): Standing {
  const { identity, live } = client;
  return {
    identity,
    held: live?.held() ?? client.held,
    lastContactAt: lastContactOf(client),
    isLive: live !== undefined,
    isBehind: live?.isBehind() ?? false,
    isPage: client.isPage,
  };
}

function viewOf(client: Client, present: Basis): ClientView {
  const { identity, transport, receipt, live } = client;
  const { epoch, revision } = live?.held() ?? client.held;
  const lastContactAt = lastContactOf(client);
  return {
    ...identity,
    transport,
    connectedAt: new Date(client.connectedAt).toISOString(),
    lastContactAt: new Date(lastContactAt).toISOString(),
    epoch,
    revision,
    lag: lagOf({ epoch, revision }, present),
    ...(receipt?.epoch === present.epoch
      ? { acknowledgedRevision: receipt.revision, acknowledgedAt: new Date(receipt.at).toISOString() }
      : {}),
  };
}

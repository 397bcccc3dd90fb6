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
}

interface Client {
  readonly identity: ClientIdentity;
  readonly connectedAt: EpochMs;
  transport: "stream" | "poll";
  lastContactAt: EpochMs;
  /** What it was last known to hold, while `live` doesn't know better. */
  held: Basis;
  receipt: Receipt | undefined;
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
  readonly #streaming = new Map<string, Client>();
  /** In the order of their last contact, so that the longest silent is the first. */
  readonly #silent = new Map<string, Client>();

  constructor(max: number = CLIENTS_MAX) {
    this.#max = max;
  }

  /** A stream was opened for a client. Call what it returns when it is closed. */
  connected(identity: ClientIdentity, live: LiveContact, now: EpochMs): () => void {
    const receipt = this.#find(identity.instanceId)?.receipt;
    this.#silent.delete(identity.instanceId);
    this.#makeRoom();
    const client: Client = {
      identity,
      connectedAt: now,
      transport: "stream",
      lastContactAt: now,
      held: live.held(),
      receipt,
      live,
    };
    this.#streaming.set(identity.instanceId, client);
    return () => this.#disconnected(client, live);
  }

  /** As `polled`, for a client that is known: false for every other. */
  polledAgain(instanceId: string, held: { readonly basis: Basis | undefined; readonly now: EpochMs }): boolean {
    const client = this.#silent.get(instanceId);
    if (client === undefined) return this.#streaming.has(instanceId);
    if (held.now - client.lastContactAt >= ORDER_ACCURACY_MS) {
      this.#silent.delete(instanceId);
      this.#silent.set(instanceId, client);
    }
    client.transport = "poll";
    client.lastContactAt = held.now;
    if (held.basis !== undefined) acknowledge(client, held.basis, held.now);
    return true;
  }

  /** A client asked for the flags, and said (or did not say) what it holds: its answer to the last change. */
  polled(identity: ClientIdentity, held: { readonly basis: Basis | undefined; readonly now: EpochMs }): void {
    if (this.polledAgain(identity.instanceId, held)) return;
    this.#makeRoom();
    const client: Client = {
      identity,
      connectedAt: held.now,
      transport: "poll",
      lastContactAt: held.now,
      held: NOTHING_HELD,
      receipt: undefined,
      live: undefined,
    };
    if (held.basis !== undefined) acknowledge(client, held.basis, held.now);
    this.#silent.set(identity.instanceId, client);
  }

  /** A receipt. Returns false when the client is not known: it is then remembered only once it connects or polls. */
  acknowledged(receipt: Acknowledgement, now: EpochMs): boolean {
    const client = this.#find(receipt.instanceId);
    if (client === undefined) return false;
    client.lastContactAt = now;
    acknowledge(client, receipt, now);
    return true;
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
    clients.sort((a, b) => b.lag - a.lag || (a.instanceId < b.instanceId ? -1 : 1));
    return {
      environment: of.environment,
      epoch: of.epoch,
      revision: of.revision,
      clients: clients.slice(0, of.limit),
      total: clients.length,
      current: clients.filter((client) => client.lag === 0).length,
    };
  }

  #find(instanceId: string): Client | undefined {
    return this.#streaming.get(instanceId) ?? this.#silent.get(instanceId);
  }

  #disconnected(client: Client, live: LiveContact): void {
    const { instanceId } = client.identity;
    // The client may have come back on a new stream before the end of the old one was seen.
    if (this.#streaming.get(instanceId) !== client) return;
    this.#streaming.delete(instanceId);
    client.held = live.held();
    client.lastContactAt = Math.max(client.lastContactAt, live.lastContactAt());
    client.live = undefined;
    this.#silent.set(instanceId, client);
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

function viewOf(client: Client, present: Basis): ClientView {
  const { identity, transport, receipt, live } = client;
  const { epoch, revision } = live?.held() ?? client.held;
  const lastContactAt = Math.max(client.lastContactAt, live?.lastContactAt() ?? 0);
  return {
    ...identity,
    transport,
    connectedAt: new Date(client.connectedAt).toISOString(),
    lastContactAt: new Date(lastContactAt).toISOString(),
    epoch,
    revision,
    lag: epoch === present.epoch ? Math.max(0, present.revision - revision) : present.revision,
    ...(receipt?.epoch === present.epoch
      ? { acknowledgedRevision: receipt.revision, acknowledgedAt: new Date(receipt.at).toISOString() }
      : {}),
  };
}

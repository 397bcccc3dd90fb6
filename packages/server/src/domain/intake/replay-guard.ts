/** Clients that are remembered. The one that was silent the longest is forgotten first. */
export const CLIENTS_MAX = 20_000;

/** Reports may overtake each other by this many. What is older counts as seen. */
const REORDERED_MAX = 32;

/** `[id, newest number, the 32 numbers up to it as bits]`. */
export type KeptClient = readonly [instanceId: string, newest: number, bits: number];

interface Client {
  newest: number;
  /** Bit n: the number `newest - n` was seen. */
  bits: number;
}

/**
 * Tells reports that come again from those that come for the first time, by the number that each client gives its reports, in whatever
 * order they come. (The sliding window of RFC 4303, 3.4.3.)
 */
export class ReplayGuard {
  readonly #clients = new Map<string, Client>();

  constructor(kept: Iterable<KeptClient> = []) {
    for (const [instanceId, newest, bits] of kept) this.#clients.set(instanceId, { newest, bits });
  }

  /** Whether the report is heard for the first time. Asking counts as hearing. */
  isFirst(instanceId: string, seq: number): boolean {
    const client = this.#clients.get(instanceId);
    if (client === undefined) {
      this.#forgetOldest();
      this.#clients.set(instanceId, { newest: seq, bits: 1 });
      return true;
    }
    // Map order is the order of last speaking.
    this.#clients.delete(instanceId);
    this.#clients.set(instanceId, client);
    return note(client, seq);
  }

  /** For a checkpoint. */
  clients(): readonly KeptClient[] {
    return [...this.#clients].map(([instanceId, { newest, bits }]) => [instanceId, newest, bits]);
  }

  #forgetOldest(): void {
    if (this.#clients.size < CLIENTS_MAX) return;
    for (const oldest of this.#clients.keys()) {
      this.#clients.delete(oldest);
      return;
    }
  }
}

function note(client: Client, seq: number): boolean {
  const ahead = seq - client.newest;
  if (ahead > 0) {
    client.bits = ahead < REORDERED_MAX ? ((client.bits << ahead) | 1) >>> 0 : 1;
    client.newest = seq;
    return true;
  }
  if (ahead <= -REORDERED_MAX) return false;
  const bit = (1 << -ahead) >>> 0;
  if ((client.bits & bit) !== 0) return false;
  client.bits = (client.bits | bit) >>> 0;
  return true;
}

import { Convergence } from "../domain/receipts.ts";
import type { EpochMs } from "../ports/store.ts";
import type { TakenBack } from "../ports/taken-back.ts";

/** A client that could have been on when an urgent change was made, as one server knows it. */
export interface PartClient {
  readonly instanceId: string;
  readonly sdk: string;
  readonly address: string;
  readonly revision: number;
  readonly lastContactAt: EpochMs;
  /** When it is off by its lease; missing: it has none. */
  readonly offAt?: EpochMs;
  /** When it applied the change, in milliseconds from the commit; missing: no receipt came here. */
  readonly afterMs?: number;
}

/** What one of several servers knows of who applied an urgent change. */
export interface ReceiptsPart {
  readonly environment: string;
  readonly epoch: string;
  /** Servers put different changes together: this one told those after `from`, up to `revision`. */
  readonly from: number;
  readonly revision: number;
  readonly committedAt: EpochMs;
  readonly alreadyOff: number;
  readonly clients: readonly PartClient[];
  /** Receipts of clients that were another server's when the change was made. */
  readonly strangers: readonly (readonly [instanceId: string, afterMs: number])[];
  readonly takenBack?: TakenBack;
}

/** The parts of all servers as one. */
export interface WholeReceipts {
  readonly convergence: Convergence;
  readonly clients: readonly PartClient[];
  readonly alreadyOff: number;
}

/**
 * Puts parts together. A client that moved from one server to another is one client: it has applied the change when either heard so, and it is
 * off by its lease when by the later of what both know. The order of the parts makes no difference.
 */
export function wholeOf(parts: readonly ReceiptsPart[]): WholeReceipts {
  const known = new Map<string, PartClient>();
  for (const client of parts.flatMap((part) => part.clients)) {
    const other = known.get(client.instanceId);
    known.set(client.instanceId, other === undefined ? client : merged(client, other));
  }
  for (const [instanceId, afterMs] of parts.flatMap((part) => part.strangers)) {
    const client = known.get(instanceId);
    if (client !== undefined)
      known.set(instanceId, { ...client, afterMs: Math.min(client.afterMs ?? Infinity, afterMs) });
  }
  const clients = [...known.values()].toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  const committedAt = Math.min(...parts.map((part) => part.committedAt));
  const offAt = Float64Array.from(clients, (client) => client.offAt ?? Number.POSITIVE_INFINITY);
  const convergence = new Convergence(committedAt, offAt);
  for (const [number, { afterMs }] of clients.entries())
    if (afterMs !== undefined) convergence.acknowledge(number, afterMs);
  return { convergence, clients, alreadyOff: parts.reduce((sum, part) => sum + part.alreadyOff, 0) };
}

function merged(a: PartClient, b: PartClient): PartClient {
  const { offAt: _, afterMs: __, ...newer } = a.lastContactAt >= b.lastContactAt ? a : b;
  const afterMs = Math.min(a.afterMs ?? Infinity, b.afterMs ?? Infinity);
  return {
    ...newer,
    ...(a.offAt !== undefined && b.offAt !== undefined && { offAt: Math.max(a.offAt, b.offAt) }),
    ...(afterMs < Infinity && { afterMs }),
  };
}

import type { Basis } from "@rampart/core";
import { Convergence, offByLeaseAt } from "../domain/receipts.ts";
import type { EpochMs } from "../ports/store.ts";
import type { TakenBack } from "../ports/taken-back.ts";
import { behind } from "./client-lists.ts";
import { CONFIRMED_MS } from "./freshness.ts";
import type { KnownRelay } from "./relays.ts";

/** A client that could have been on when an urgent change was made, as one server knows it. */
export interface PartClient {
  readonly instanceId: string;
  readonly sdk: string;
  readonly address: string;
  /** As of `ClientView`. */
  readonly relay?: string;
  readonly revision: number;
  readonly lastContactAt: EpochMs;
  /** When it is off by its lease; missing: it has none. */
  readonly offAt?: EpochMs;
  /** When it applied the change, in milliseconds from the commit; missing: no receipt came here. */
  readonly afterMs?: number;
}

/** What one of several servers, or a relay, knows of who applied an urgent change. */
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
  /** Relays behind it that may have clients of which it does not know, by their instances. */
  readonly awaited?: readonly string[];
  /** Relays behind it that have said what they know. */
  readonly heard?: readonly string[];
}

/** Whether every relay that one of them waits for has told one of them what it knows. */
export function areHeard(parts: readonly Pick<ReceiptsPart, "awaited" | "heard">[]): boolean {
  const heard = new Set(parts.flatMap((part) => part.heard ?? []));
  return parts.every(({ awaited = [] }) => awaited.every((instance) => heard.has(instance)));
}

/** Several parts as one of them, for a server further up. */
export function joined(own: ReceiptsPart, others: readonly ReceiptsPart[]): ReceiptsPart {
  if (others.length === 0) return own;
  const parts = [own, ...others];
  const { clients, alreadyOff } = wholeOf(parts);
  const all = (pick: (part: ReceiptsPart) => readonly string[] | undefined): readonly string[] => [
    ...new Set(parts.flatMap((part) => pick(part) ?? [])),
  ];
  return {
    ...own,
    clients,
    alreadyOff,
    strangers: parts.flatMap((part) => part.strangers),
    awaited: all((part) => part.awaited),
    heard: all((part) => part.heard),
  };
}

/**
 * What is known of a relay's clients before it says so itself: those that it had when it last said whom it has. They could all be on, for whatever it
 * told them until it heard of the change.
 */
export function lastKnownOf(
  relay: KnownRelay,
  own: Pick<ReceiptsPart, "environment" | "epoch" | "from" | "revision" | "committedAt"> & { readonly now: EpochMs },
  leaseMsOf: (held: Basis) => number | undefined,
): ReceiptsPart {
  const { now, ...of } = own;
  const contactAt = (relay.isAwaited ? now : relay.heardAt) + CONFIRMED_MS;
  const clients = relay.clients.map(({ instanceId, sdk, address, epoch, revision, lastContactAt, ...more }) => {
    const offAt = offByLeaseAt(contactAt, leaseMsOf({ epoch, revision }));
    return {
      instanceId,
      sdk,
      address,
      revision,
      relay: behind(relay.name, more.relay),
      lastContactAt: Date.parse(lastContactAt),
      ...(offAt < Number.POSITIVE_INFINITY && { offAt }),
    };
  });
  const expected = clients.filter(({ offAt = Number.POSITIVE_INFINITY }) => offAt > of.committedAt);
  const alreadyOff = clients.length - expected.length;
  return { ...of, alreadyOff, clients: expected, strangers: [] };
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

import type { Basis, ReceiptsVerdict, ReceiptsView, StragglerView } from "@rampart/core";
import { appliedAfterMs, Convergence, offByLeaseAt, quantilesOf } from "../domain/receipts.ts";
import type { Meter } from "../ports/meter.ts";
import type { EpochMs } from "../ports/store.ts";
import type { TakenBack } from "../ports/taken-back.ts";
import { behind } from "./client-lists.ts";
import type { Clients, Holding } from "./clients.ts";
import { holdsLease, knowsNothing, offByItselfAt, withoutIt, type Written } from "./expected.ts";
import type { UrgentChange } from "./feed.ts";
import { legsOf, sinceWrittenMs } from "./legs.ts";
import { CONFIRMED_MS } from "./freshness.ts";
import { areHeard, joined, lastKnownOf, wholeOf, type PartClient, type ReceiptsPart } from "./receipt-parts.ts";
import type { Relays } from "./relays.ts";

/** Urgent changes that are remembered; the audit keeps them all. */
export const RECEIPTS_KEPT_MAX = 20;

/** Changes whose receipts are waited for at once: with one more the oldest is closed. Each takes some 150 bytes a client. */
export const RECEIPTS_OPEN_MAX = 8;

/** Of those who are missing, this many are named. */
export const STRAGGLERS_MAX = 50;

/** A rollout explains its change at once after it was written; nothing is closed before. */
const EXPLAINED_WITHIN_MS = 1_000;

/** Where other servers count too: each has told the change, and said what it knows of it, within this time. */
const GATHERED_WITHIN_MS = 4_000;

/** Receipts of clients that were another server's: as many as there can be clients. */
const STRANGERS_MAX = 50_000;

/** Clients without a lease that a process before this one had are back by now, or somewhere where nobody hears of them: the longest wait of an SDK. */
const BACK_WITHIN_MS = 30_000;

/** What receipts are counted with, and who is told of the result. */
export interface ReceiptsParts {
  readonly environment: string;
  readonly clients: Pick<Clients, "standing" | "heardAt">;
  readonly relays?: Pick<Relays, "known" | "nameOf">;
  readonly meter: Pick<Meter, "rollbackLeg">;
  /** Until when (monotonic) clients were in touch with a process before this one, which are not known here; undefined: there was none, or others know of them. */
  readonly followsMs?: number | undefined;
  /** Called once with each change, when its verdict does not change any more. Must not throw. */
  readonly onClosed: (view: ReceiptsView) => void;
}

interface Expected {
  readonly instanceId: string;
  readonly sdk: string;
  readonly address: string;
  readonly relay?: string;
  readonly revision: number;
  readonly lastContactAt: EpochMs;
}

/** A change whose receipts are waited for. */
interface Open {
  readonly change: UrgentChange;
  readonly written: Written;
  readonly alreadyOff: number;
  /** Clients of a process before this one may have been on that are not known here. */
  readonly isPartial: boolean;
  /** Servers that were there when it was made: they have to say what they know, also when they are not heard of any more. */
  readonly peers: readonly string[];
  readonly clients: readonly Expected[];
  /** Instance → number in `clients` and `convergence`. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly convergence: Convergence;
  /** Receipts of clients that another server expects, in milliseconds from the commit. */
  readonly strangers: Map<string, number>;
  /** What the other servers know, by their instances. */
  readonly others: Map<string, ReceiptsPart>;
  /** It was asked since which servers there are. */
  isAsked: boolean;
  /** What is known of the clients behind relays, by the relays' instances. */
  readonly relayed: Map<string, ReceiptsPart>;
  /** Relays that were there when it was made, and may have clients of which nobody else knows. */
  readonly awaited: readonly string[];
  /** Relays that have said what they know. */
  readonly heard: Set<string>;
  takenBack: TakenBack | undefined;
}

/**
 * Who applied the urgent changes of one environment. Everything is in memory: ten thousand receipts are ten thousand look-ups, and one
 * summary at the end. What is closed is kept as its summary alone.
 */
export class Receipts {
  readonly #parts: ReceiptsParts;
  /** The oldest first. Replaced when one is closed, never shortened: it can be gone through meanwhile. */
  #open: readonly Open[] = [];
  /** The newest first. */
  #closed: readonly ReceiptsView[] = [];
  /** Closed since they were last asked for. */
  #parting: readonly ReceiptsPart[] = [];
  /** The other servers, by their instances; undefined: there can be none. */
  #peers: readonly string[] | undefined;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
  }

  /** An urgent change was written to every stream: from now on its receipts are counted. */
  begin(change: UrgentChange, written: Written): void {
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.length >= RECEIPTS_OPEN_MAX) this.#close(oldest, written.nowMs);
    const clients: Expected[] = [];
    const numbers = new Map<string, number>();
    const offAt: number[] = [];
    let alreadyOff = 0;
    for (const standing of this.#parts.clients.standing()) {
      if (knowsNothing(standing, change, written)) continue;
      const at = offByItselfAt(standing, change, written);
      if (at <= change.committedAt) alreadyOff += 1;
      else {
        const { identity, held, lastContactAt } = withoutIt(standing, written);
        numbers.set(identity.instanceId, clients.length);
        clients.push({ ...identity, revision: held.revision, lastContactAt });
        offAt.push(at);
      }
    }
    const convergence = new Convergence(change.committedAt, Float64Array.from(offAt));
    const { followsMs = -Infinity } = this.#parts;
    const isPartial = written.nowMs < offByLeaseAt(followsMs, change.lease?.leaseMs ?? BACK_WITHIN_MS);
    const peers = this.#peers ?? [];
    const isAsked = this.#peers === undefined;
    const more = { peers, isAsked, strangers: new Map(), others: new Map(), takenBack: undefined };
    const counted = { isPartial, clients, numbers, convergence };
    const open: Open = { change, written, alreadyOff, ...counted, ...more, ...this.#behindRelays(change, written) };
    this.#open = [...this.#open, open];
  }

  #behindRelays(change: UrgentChange, written: Written): Pick<Open, "relayed" | "awaited" | "heard"> {
    const relays = this.#parts.relays?.known(written.nowMs) ?? [];
    const of = { ...this.#sameOf(change, written), now: written.now };
    const leaseMsOf = (held: Basis): number | undefined =>
      holdsLease(held, change.lease, written.epoch) ? change.lease?.leaseMs : undefined;
    return {
      relayed: new Map(relays.map((relay) => [relay.instanceId, lastKnownOf(relay, of, leaseMsOf)])),
      awaited: relays.filter(({ isAwaited }) => isAwaited).map(({ instanceId }) => instanceId),
      heard: new Set(),
    };
  }

  /** A client holds something: its receipt, if what was urgent is in it. */
  held({ instanceId, held, receivedAt, clock }: Holding): void {
    if (this.#open.length === 0) return;
    for (const open of this.#open) {
      if (!isIn(open, held)) continue;
      const number = open.numbers.get(instanceId);
      const { committedAt } = open.change;
      const afterMs =
        clock === undefined
          ? Math.max(0, receivedAt - committedAt)
          : appliedAfterMs({ ...clock, committedAt, receivedAt });
      if (number === undefined) {
        if (open.strangers.size < STRANGERS_MAX)
          open.strangers.set(instanceId, Math.min(afterMs, open.strangers.get(instanceId) ?? Infinity));
        continue;
      }
      const isNews = open.convergence.acknowledge(number, afterMs);
      if (isNews) this.#parts.meter.rollbackLeg("apply", sinceWrittenMs(open, afterMs) / 1000);
    }
  }

  /** Says which rollout an urgent change is of, and how it came to it. Ignored when the change is not waited for. */
  explain(takenBack: TakenBack): void {
    // Changes that were told together have the revision of the last of them.
    const { revision } = takenBack;
    const open = this.#open.find(
      ({ change, written }) => written.before.revision < revision && revision <= change.revision,
    );
    if (open === undefined || open.takenBack !== undefined) return;
    open.takenBack = takenBack;
    const { meter } = this.#parts;
    if (takenBack.dataAgeMs !== undefined) meter.rollbackLeg("dataAge", takenBack.dataAgeMs / 1000);
    meter.rollbackLeg("decide", takenBack.decideMs / 1000);
    meter.rollbackLeg("commit", takenBack.commitMs / 1000);
  }

  /** Closes what is complete or has had its time; call it every second or so. Here and below `nowMs` is monotonic. */
  tick(nowMs: number): void {
    for (const open of this.#open) {
      const isTold =
        nowMs - open.written.nowMs >= (this.#peers === undefined ? EXPLAINED_WITHIN_MS : GATHERED_WITHIN_MS);
      if (isTold && this.#verdict(open, this.#whole(open).convergence, { nowMs, isFinal: false }) !== "open")
        this.#close(open, nowMs);
    }
  }

  /** Nothing more will be heard: the environment has a new history, or the server is going. */
  closeAll(nowMs: number): void {
    for (const open of this.#open) this.#close(open, nowMs);
  }

  /** Other servers count beside this one: nothing is proven before each of them has said what it knows. */
  countTogether(): void {
    this.#peers ??= [];
  }

  /** To be called when it is asked which they are; what it gives, with the answer. One that joined after the question is known with the next answer. */
  askPeers(): (peers: readonly string[]) => void {
    const asked = this.#open;
    return (peers) => {
      this.#peers = peers;
      for (const open of asked) open.isAsked = true;
    };
  }

  /** Whether receipts are waited for. */
  get isCounting(): boolean {
    return this.#open.length > 0;
  }

  /** What this server knows of changes that are waited for, or were until lately. */
  parts(): readonly ReceiptsPart[] {
    const parting = this.#parting;
    this.#parting = [];
    return [...parting, ...this.#open.map((open) => this.#told(open))];
  }

  /** Takes what another server knows. */
  take(instance: string, part: ReceiptsPart): void {
    for (const open of this.#open) {
      if (!isOfSame(open, part)) continue;
      open.others.set(instance, part);
      open.takenBack ??= part.takenBack && { ...part.takenBack, committedAtMs: Number.NaN };
    }
  }

  /** Takes what a relay knows: of its clients it knows better than what it last said. */
  takeRelayed(instance: string, part: ReceiptsPart): void {
    const name = this.#parts.relays?.nameOf(instance);
    if (name === undefined) return;
    const clients = part.clients.map((client) => ({ ...client, relay: behind(name, client.relay) }));
    for (const open of this.#open) {
      if (!isOfSame(open, part)) continue;
      open.relayed.set(instance, { ...part, clients });
      open.heard.add(instance);
    }
  }

  /** The newest first. */
  list(nowMs: number): readonly ReceiptsView[] {
    const open = this.#open.map((one) => this.#view(one, { nowMs, isFinal: false })).toReversed();
    return [...open, ...this.#closed].toSorted((a, b) => b.revision - a.revision);
  }

  /** The newest of a rollout. */
  ofRollout(id: string, nowMs: number): ReceiptsView | undefined {
    return this.list(nowMs).find(({ rollout }) => rollout === id);
  }

  #close(open: Open, nowMs: number): void {
    this.#open = this.#open.filter((one) => one !== open);
    const view = this.#view(open, { nowMs, isFinal: true });
    if (this.#peers !== undefined) this.#parting = [...this.#parting, this.#told(open)];
    // Only now it is known whether a rollout explains it, and so where its commit ended.
    this.#parts.meter.rollbackLeg("write", view.legs.writeMs / 1000);
    this.#closed = [view, ...this.#closed].slice(0, RECEIPTS_KEPT_MAX);
    this.#parts.onClosed(view);
  }

  #view(open: Open, { nowMs, isFinal }: { readonly nowMs: number; readonly isFinal: boolean }): ReceiptsView {
    const { change, written, takenBack } = open;
    const { convergence, clients, alreadyOff } = this.#whole(open);
    const now = instantOf(open, nowMs);
    const verdict = this.#verdict(open, convergence, { nowMs, isFinal });
    const applied = quantilesOf(convergence.applied());
    const boundedAt = convergence.boundedAt();
    return {
      environment: this.#parts.environment,
      epoch: written.epoch,
      revision: change.revision,
      flags: change.flags,
      ...(takenBack === undefined ? {} : { rollout: takenBack.rollout }),
      committedAt: iso(change.committedAt),
      verdict,
      ...(isFinal ? { closedAt: iso(now) } : {}),
      expected: convergence.expected,
      acknowledged: convergence.acknowledged,
      alreadyOff,
      ...(applied === undefined ? {} : { applied }),
      ...(boundedAt === undefined || boundedAt === Number.POSITIVE_INFINITY ? {} : { boundedAt: iso(boundedAt) }),
      stragglers: this.#stragglers(clients, convergence),
      legs: legsOf(open, applied),
    };
  }

  #verdict(
    open: Open,
    convergence: Convergence,
    { nowMs, isFinal }: { readonly nowMs: number; readonly isFinal: boolean },
  ): ReceiptsVerdict {
    const now = instantOf(open, nowMs);
    const { committedAt, lease } = open.change;
    const isHeard =
      !open.isPartial &&
      open.isAsked &&
      [...open.peers, ...(this.#peers ?? [])].every((peer) => open.others.has(peer)) &&
      areHeard([this.#relaysOf(open), ...open.relayed.values(), ...open.others.values()]);
    if (isHeard) return convergence.verdict(now, isFinal);
    // Nobody knows all clients of a server or relay that was there and said nothing; their lease bounds them all the same, from when it no longer knew what is stored.
    const offAt = offByLeaseAt(committedAt + CONFIRMED_MS, lease?.leaseMs);
    const deadline = Math.max(convergence.deadline, offAt === Number.POSITIVE_INFINITY ? 0 : offAt);
    if (!isFinal && now < deadline) return "open";
    const verdict = convergence.verdict(now, isFinal);
    if (verdict !== "proven") return verdict;
    return offAt <= now ? "bounded" : "unproven";
  }

  #whole(open: Open): Pick<Open, "convergence" | "clients" | "alreadyOff"> {
    if (open.others.size === 0 && open.relayed.size === 0) return open;
    return wholeOf([this.#partOf(open), ...open.relayed.values(), ...open.others.values()]);
  }

  /** What a server beside or above this one is told. */
  #told(open: Open): ReceiptsPart {
    return joined(this.#partOf(open), [...open.relayed.values()]);
  }

  #relaysOf({ awaited, heard }: Open): Pick<ReceiptsPart, "awaited" | "heard"> {
    return awaited.length === 0 && heard.size === 0 ? {} : { awaited, heard: [...heard] };
  }

  #sameOf(
    change: UrgentChange,
    written: Written,
  ): Pick<ReceiptsPart, "environment" | "epoch" | "from" | "revision" | "committedAt"> {
    const { revision, committedAt } = change;
    const { environment } = this.#parts;
    return { environment, epoch: written.epoch, from: written.before.revision, revision, committedAt };
  }

  #partOf(open: Open): ReceiptsPart {
    const { change, written, alreadyOff, convergence, strangers, takenBack } = open;
    const applied = convergence.times();
    const clients = open.clients.map((client, number): PartClient => {
      const offAt = convergence.offAt(number);
      const afterMs = applied[number] ?? Number.NaN;
      const heardAt = this.#parts.clients.heardAt(client.instanceId) ?? 0;
      return {
        ...client,
        lastContactAt: Math.max(client.lastContactAt, heardAt),
        ...(offAt < Number.POSITIVE_INFINITY && { offAt }),
        ...(!Number.isNaN(afterMs) && { afterMs }),
      };
    });
    return {
      ...this.#sameOf(change, written),
      alreadyOff,
      clients,
      strangers: [...strangers],
      ...(takenBack && { takenBack }),
      ...this.#relaysOf(open),
    };
  }

  #stragglers(clients: readonly Expected[], convergence: Convergence): readonly StragglerView[] {
    const missing = [...convergence.missing()].flatMap((number) => {
      const client = clients[number];
      if (client === undefined) return [];
      const heardAt = this.#parts.clients.heardAt(client.instanceId) ?? 0;
      return [{ ...client, lastContactAt: Math.max(client.lastContactAt, heardAt), offAt: convergence.offAt(number) }];
    });
    return missing
      .toSorted((a, b) => a.lastContactAt - b.lastContactAt)
      .slice(0, STRAGGLERS_MAX)
      .map(({ instanceId, sdk, address, relay, revision, lastContactAt, offAt }) => ({
        instanceId,
        sdk,
        address,
        ...(relay === undefined ? {} : { relay }),
        revision,
        lastContactAt: iso(lastContactAt),
        ...(offAt === Number.POSITIVE_INFINITY ? {} : { offAt: iso(offAt) }),
      }));
  }
}

/** Servers put different changes together. */
const isOfSame = ({ written, change }: Open, part: ReceiptsPart): boolean =>
  written.epoch === part.epoch && part.from < change.revision && written.before.revision < part.revision;

const isIn = ({ written, change }: Open, held: Basis): boolean =>
  held.epoch === written.epoch && held.revision >= change.revision;

/** Counted up from the moment of the writing, so that setting the machine's clock ends no lease. */
const instantOf = ({ written }: Open, nowMs: number): EpochMs => Math.round(written.now + nowMs - written.nowMs);

const iso = (at: EpochMs): string => new Date(at).toISOString();

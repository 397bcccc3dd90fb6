import type { ClientsView, Goodbye, ReceiptsView } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Meter, StreamRefusal } from "../ports/meter.ts";
import type { Random } from "../ports/random.ts";
import type { TakenBack } from "../ports/taken-back.ts";
import type { Cancel, NextTurn, Timers } from "../ports/timers.ts";
import { pause } from "../ports/timers.ts";
import type { AdmissionRate } from "./admission.ts";
import { Admission, TurnGate } from "./admission.ts";
import type { Values } from "./browsers/values.ts";
import { SLOTS } from "./channel.ts";
import type { Clients } from "./clients.ts";
import type { Feed } from "./feed.ts";
import { encodeEvent } from "./frame.ts";
import type { ReceiptsPart } from "./receipt-parts.ts";
import type { Relays } from "./relays.ts";
import type { StreamRequest } from "./room.ts";
import { Room } from "./room.ts";

/** Every stream gets a heartbeat this often. */
export const HEARTBEAT_MS = 5_000;

/** Goodbyes at a shutdown are spread over this many steps of `GOODBYE_STEP_MS`, so that clients don't come back all at once. */
const GOODBYE_STEPS = 20;
const GOODBYE_STEP_MS = 90;

/** How long a peer may take to read its goodbye. */
const GOODBYE_GRACE_MS = 1_000;

/** Hint to a client whose key was revoked: asking sooner is of no use. */
const REVOKED_RETRY_MS = 60_000;

/** Streams taken in one turn of the event loop: some ten milliseconds of work. */
const TAKEN_PER_TURN = 100;

/** How many streams are held, and how fast they are let in. */
export interface HubLimits {
  readonly streamsMax: number;
  readonly admission: AdmissionRate;
}

/** What a hub works with, and whom it tells. */
export interface HubParts {
  readonly feeds: Iterable<Feed>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly nextTurn: NextTurn;
  readonly random: Random;
  readonly meter: Meter;
  readonly limits: HubLimits;
  /** A process before this one had clients on the same store, and no other server knows them. */
  readonly followsAnother?: boolean;
  /** Called once with each urgent change, when its verdict does not change any more. */
  readonly onReceipts?: (view: ReceiptsView) => void;
  /** Called with the values that each stream for a page begins with. */
  readonly onServed?: (environment: string, values: Values) => void;
}

/** When refused, nothing was written. */
export type StreamAnswer =
  | { readonly kind: "open" }
  | { readonly kind: "refused"; readonly refusal: StreamRefusal; readonly retryAfterSeconds: number };

const OPEN: StreamAnswer = { kind: "open" };

/** All open streams: who is let in, when they are written to, and how they are let go. */
export class Hub {
  readonly #parts: HubParts;
  readonly #rooms = new Map<string, Room>();
  readonly #admission: Admission;
  readonly #gate: TurnGate;
  #slot = 0;
  #draining = false;
  #stopBeating: Cancel = () => undefined;

  constructor(parts: HubParts) {
    const { clock, meter, nextTurn, timers, followsAnother = false } = parts;
    const { onReceipts = () => undefined, onServed = () => undefined } = parts;
    this.#parts = parts;
    this.#admission = new Admission(parts.limits.admission, clock.monotonicMs());
    this.#gate = new TurnGate(TAKEN_PER_TURN, parts.nextTurn);
    const shared = { clock, meter, nextTurn, timers, followsAnother, onReceipts, onServed };
    const isDraining = (): boolean => this.#draining;
    for (const feed of parts.feeds) this.#rooms.set(feed.environment, new Room({ feed, ...shared, isDraining }));
  }

  /** Open streams, of all environments. */
  get size(): number {
    let size = 0;
    for (const room of this.#rooms.values()) size += room.size;
    return size;
  }

  /** Why the next stream would not be let in; undefined: it would. */
  get refusing(): "draining" | "full" | "storm" | undefined {
    return this.#closed() ?? (this.#admission.isOpen(this.#parts.clock.monotonicMs()) ? undefined : "storm");
  }

  /** Begins the heartbeats. */
  start(): void {
    const slotMs = HEARTBEAT_MS / SLOTS;
    let dueMs = this.#parts.clock.monotonicMs() + slotMs;
    this.#stopBeating = this.#parts.timers.every(slotMs, () => {
      const nowMs = this.#parts.clock.monotonicMs();
      this.#parts.meter.heartbeatLag(Math.max(0, nowMs - dueMs) / 1000);
      dueMs = nowMs + slotMs;
      for (const room of this.#rooms.values()) room.beat(this.#slot, nowMs);
      this.#slot = (this.#slot + 1) % SLOTS;
    });
  }

  /** Takes over a response as a stream, at once or, in a storm, when its turn comes. */
  open(request: StreamRequest): StreamAnswer | Promise<StreamAnswer> {
    const room = this.#rooms.get(request.environment);
    if (room === undefined) throw new Error(`no feed for the environment ${JSON.stringify(request.environment)}`);
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#answer(refusal);
    const turn = this.#gate.pass();
    const admitted = turn === undefined ? room.admit(request) : turn.then(() => room.admit(request));
    return admitted instanceof Promise ? admitted.then((later) => this.#answer(later)) : this.#answer(admitted);
  }

  #answer(refusal: StreamRefusal | undefined): StreamAnswer {
    if (refusal === undefined) return OPEN;
    this.#parts.meter.streamRefused(refusal);
    const retryAfterSeconds = this.#admission.retryAfterSeconds(this.#parts.random.next());
    return { kind: "refused", refusal, retryAfterSeconds };
  }

  /** The SDK instances of an environment. */
  clients(environment: string): Clients | undefined {
    return this.#rooms.get(environment)?.clients;
  }

  /** The view of an environment's clients; undefined when there is no such environment. */
  clientsView(environment: string, limit: number): ClientsView | undefined {
    return this.#rooms.get(environment)?.view(limit);
  }

  /** Receipts of an environment's urgent changes, the newest first; undefined when there is no such environment. */
  receiptsView(environment: string): readonly ReceiptsView[] | undefined {
    return this.#rooms.get(environment)?.receipts.list(this.#parts.clock.monotonicMs());
  }

  /** Receipts of the rollback of a rollout, as far as it is remembered. */
  receiptsOfRollout(environment: string, rollout: string): ReceiptsView | undefined {
    return this.#rooms.get(environment)?.receipts.ofRollout(rollout, this.#parts.clock.monotonicMs());
  }

  /** What this server knows of who applied urgent changes, for the others. */
  receiptsParts(): readonly ReceiptsPart[] {
    return [...this.#rooms.values()].flatMap((room) => room.receipts.parts());
  }

  /** Environments in which receipts are waited for. */
  counting(): readonly string[] {
    return [...this.#rooms].filter(([, room]) => room.receipts.isCounting).map(([environment]) => environment);
  }

  /** Other servers count receipts beside this one. */
  countTogether(): void {
    for (const room of this.#rooms.values()) room.receipts.countTogether();
  }

  /** To be called when it is asked which they are; what it gives, with their instances. */
  askPeers(): (peers: readonly string[]) => void {
    const answered = [...this.#rooms.values()].map((room) => room.receipts.askPeers());
    return (peers) => answered.forEach((answer) => answer(peers));
  }

  /** Takes what another server knows of who applied an urgent change. */
  takeReceipts(instance: string, part: ReceiptsPart): void {
    this.#rooms.get(part.environment)?.receipts.take(instance, part);
  }

  /** Resolves when an environment moves on, after `waitMs`, or when the server goes. */
  async moved(environment: string, waitMs: number): Promise<void> {
    await this.#rooms.get(environment)?.moved(waitMs);
  }

  /** The relays that follow an environment here; undefined when there is no such environment. */
  relays(environment: string): Relays | undefined {
    return this.#rooms.get(environment)?.relays;
  }

  /** A relay says whom it has. */
  listed(environment: string, relay: string, view: ClientsView): void {
    this.#rooms.get(environment)?.listed(relay, view);
  }

  /** Takes what a relay knows of who applied an urgent change. */
  takeRelayed(instance: string, part: ReceiptsPart): void {
    this.#rooms.get(part.environment)?.receipts.takeRelayed(instance, part);
  }

  /** Says which rollout took a flag back, and how it came to it. */
  explainTakenBack(takenBack: TakenBack): void {
    this.#rooms.get(takenBack.environment)?.receipts.explain(takenBack);
  }

  /** The tokens that have a stream open. */
  tokenIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const room of this.#rooms.values()) for (const { tokenId } of room.streams()) ids.add(tokenId);
    return ids;
  }

  /** Says goodbye to all streams of a token that is no longer good. */
  revoke(tokenId: string): void {
    const frame = goodbyeFrame({ reason: "revoked", retryAfterMs: REVOKED_RETRY_MS });
    for (const room of this.#rooms.values()) {
      const theirs = [...room.streams()].filter((stream) => stream.tokenId === tokenId);
      for (const stream of theirs) room.dismiss(stream, frame, "revoked");
    }
    this.#parts.timers.after(GOODBYE_GRACE_MS, () => this.#destroyLeaving());
  }

  /**
   * Lets no one in any more, and says goodbye to everybody over at most two seconds, each with another time to come back after.
   * Resolves when all sockets are closed.
   */
  async drain(): Promise<void> {
    const { timers, random, limits } = this.#parts;
    this.#draining = true;
    for (const room of this.#rooms.values()) room.letGo();
    const open = [...this.#rooms.values()].flatMap((room) => [...room.streams()].map((stream) => ({ room, stream })));
    const steps = Math.min(GOODBYE_STEPS, open.length);
    // Spread over the time in which the server that comes next can let them all in.
    const comeBackMs = Math.max(1_000, (open.length / limits.admission.perSecond) * 1_000);
    for (let step = 0; step < steps; step++) {
      if (step > 0) await pause(timers, GOODBYE_STEP_MS);
      const retryAfterMs = Math.round(((step + random.next()) / steps) * comeBackMs);
      const frame = goodbyeFrame({ reason: "shutdown", retryAfterMs });
      for (const { room, stream } of open.filter((_, place) => place % steps === step))
        room.dismiss(stream, frame, "shutdown");
    }
    for (let waitedMs = 0; this.#leaving > 0 && waitedMs < GOODBYE_GRACE_MS; waitedMs += 50) await pause(timers, 50);
    this.#destroyLeaving();
    this.#stopBeating();
    for (const room of this.#rooms.values()) room.receipts.closeAll(this.#parts.clock.monotonicMs());
  }

  get #leaving(): number {
    let leaving = 0;
    for (const room of this.#rooms.values()) leaving += room.leaving;
    return leaving;
  }

  #destroyLeaving(): void {
    for (const room of this.#rooms.values()) room.destroyLeaving();
  }

  #refusal(): StreamRefusal | undefined {
    return this.#closed() ?? (this.#admission.admit(this.#parts.clock.monotonicMs()) ? undefined : "storm");
  }

  #closed(): "draining" | "full" | undefined {
    if (this.#draining) return "draining";
    return this.size >= this.#parts.limits.streamsMax ? "full" : undefined;
  }
}

const goodbyeFrame = (goodbye: Goodbye): Buffer => encodeEvent({ event: "goodbye", json: JSON.stringify(goodbye) });

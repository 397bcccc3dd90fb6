import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Basis, ClientGoodbye, ClientsView, ReceiptsView } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Meter, StreamEnd, StreamRefusal } from "../ports/meter.ts";
import type { EpochMs } from "../ports/store.ts";
import type { NextTurn, Timers } from "../ports/timers.ts";
import type { View } from "./browsers/viewer.ts";
import { Viewer } from "./browsers/viewer.ts";
import type { Values } from "./browsers/values.ts";
import { Viewers } from "./browsers/viewers.ts";
import { Channel } from "./channel.ts";
import { LISTED_MAX, wholeClients } from "./client-lists.ts";
import type { ClientIdentity } from "./clients.ts";
import { CLIENTS_MAX, Clients } from "./clients.ts";
import type { Feed, FeedChange } from "./feed.ts";
import { encodeEvent } from "./frame.ts";
import type { Presence } from "./presence.ts";
import { presenceFor } from "./presence.ts";
import { Receipts } from "./receipts.ts";
import { Relays } from "./relays.ts";
import { Stream } from "./stream.ts";

/** A resume is made anew when the environment moves on while it is made; after this many times the client gets the snapshot. */
const RESUME_ATTEMPTS_MAX = 3;

/**
 * A stream that can't be told what is stored is sent on after so long: another server may know. Two heartbeats, so that its client gets there before
 * its lease of 25 s is over, and a database that comes back soon sends nobody away.
 */
const UNCONFIRMED_MAX_MS = 10_000;

/** A response that is to become a stream, and what is known of its client. */
export interface StreamRequest {
  /** A stream of values for one context, and not of flags. */
  readonly view?: View;
  readonly outgoing: ServerResponse;
  readonly environment: string;
  readonly tokenId: string;
  /** Undefined: one that gives no receipts, and so is not counted among the clients. */
  readonly identity: ClientIdentity | undefined;
  readonly basis: Basis | undefined;
}

/** What one environment's clients are served with. */
export interface RoomParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly nextTurn: NextTurn;
  readonly timers: Pick<Timers, "after">;
  /** A process before this one had clients, which are not known here. */
  readonly followsAnother: boolean;
  /** Nobody is let in any more. */
  readonly isDraining: () => boolean;
  /** Called with each urgent change once it is known who applied it. */
  readonly onReceipts: (view: ReceiptsView) => void;
  readonly onServed: (environment: string, values: Values) => void;
}

/** One environment's streams, and the clients behind them. */
export class Room {
  readonly clients: Clients;
  readonly relays = new Relays();
  readonly receipts: Receipts;
  readonly channel: Channel;
  readonly viewers: Viewers;
  readonly #parts: RoomParts;
  /** Streams that were said goodbye to and whose sockets are not closed yet. */
  readonly #leaving = new Set<Stream>();
  /** Who waits for a change. */
  readonly #waiting = new Set<() => void>();
  /** Since when it is not known what is stored, monotonic. */
  #unconfirmedSinceMs: number | undefined;

  constructor(parts: RoomParts) {
    const { feed, meter } = parts;
    this.#parts = parts;
    this.clients = new Clients(CLIENTS_MAX, (holding) => this.receipts.held(holding));
    this.receipts = new Receipts({
      environment: feed.environment,
      clients: this.clients,
      relays: this.relays,
      meter,
      followsMs: parts.followsAnother ? parts.clock.monotonicMs() : undefined,
      onClosed: parts.onReceipts,
    });
    this.channel = new Channel(basisOf(feed), {
      fellBehind: () => meter.consumerSlow(feed.environment),
      drained: (stream, held) => stream.socket.write(feed.present(isAt(feed, held) ? feed.heartbeat() : feed.whole())),
    });
    this.viewers = new Viewers(parts);
    feed.onChange = (change) => this.#broadcast(change);
  }

  /** Streams whose sockets are open. */
  get size(): number {
    return this.channel.size + this.viewers.channel.size + this.#leaving.size;
  }

  /** Streams that are not leaving. */
  *streams(): Generator<Stream> {
    yield* this.channel;
    yield* this.viewers.channel;
  }

  get leaving(): number {
    return this.#leaving.size;
  }

  /**
   * Makes a stream of a response, and brings its client to the present: by nothing but a heartbeat when it is there, by one delta from
   * where it says it stands, or by the snapshot. Gives why not, when another server is ahead and this one can't catch up. A promise only where the store
   * has to be asked.
   */
  admit(request: StreamRequest): StreamRefusal | undefined | Promise<StreamRefusal | undefined> {
    const { feed, timers } = this.#parts;
    const presence = presenceFor(feed, request.basis, timers);
    return presence instanceof Promise
      ? presence.then((known) => this.#admitAs(known, request))
      : this.#admitAs(presence, request);
  }

  #admitAs(presence: Presence, request: StreamRequest): "behind" | undefined | Promise<undefined> {
    switch (presence) {
      case "behind":
        return presence;
      // It can't be told what is stored, but of a kill that this server is asked for.
      case "unconfirmed":
      case "present":
        return this.#bring(request);
    }
  }

  #bring(request: StreamRequest): Promise<undefined> | undefined {
    const { feed } = this.#parts;
    if (request.view !== undefined) {
      this.#takeViewer(request, request.view);
      return undefined;
    }
    if (request.basis?.epoch === feed.epoch && request.basis.revision !== feed.revision)
      return this.#resume(request, request.basis);
    this.#takeAtPresent(request);
    return undefined;
  }

  /** The clients, those behind relays included; `limit` of them are listed. */
  view(limit: number): ClientsView {
    const { environment, epoch, revision } = this.#parts.feed;
    const present = { environment, epoch, revision };
    const relayed = this.relays.lists();
    if (relayed.length === 0) return this.clients.view({ ...present, limit });
    const own = this.clients.view({ ...present, limit: Math.max(limit, LISTED_MAX) });
    return wholeClients([{ view: own }, ...relayed], { ...present, limit });
  }

  /** A relay says whom it has. What its clients have confirmed counts also where the relay knows nothing of the change, as one that has just started. */
  listed(relay: string, view: ClientsView): void {
    this.relays.listed(relay, view);
    if (!this.receipts.isCounting) return;
    for (const { instanceId, acknowledgedRevision, acknowledgedAt } of view.clients) {
      if (acknowledgedRevision === undefined || acknowledgedAt === undefined) continue;
      const held = { epoch: view.epoch, revision: acknowledgedRevision };
      this.receipts.held({ instanceId, held, receivedAt: Date.parse(acknowledgedAt) });
    }
  }

  /** Resolves when the environment moves on, or after `waitMs`; `letGo` ends every wait. */
  async moved(waitMs: number): Promise<void> {
    if (this.#parts.isDraining()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#parts.timers.after(waitMs, end);
      this.#waiting.add(end);
    });
  }

  /** Ends the waits for a change. */
  letGo(): void {
    for (const end of this.#waiting) end();
  }

  /** Writes the heartbeats of a slot, and forgets clients that went long ago. */
  beat(slot: number, nowMs: number): void {
    const now = this.#parts.clock.now();
    if (this.channel.size > 0) {
      const frame = this.#parts.feed.heartbeat();
      this.channel.beat(slot, () => frame, { now, nowMs });
    }
    this.viewers.beat(slot, nowMs);
    this.#sendOn(slot, { now, nowMs });
    this.#dismissExpired(now);
    if (slot === 0) {
      this.clients.prune(now);
      this.relays.prune(nowMs);
    }
    this.receipts.tick(nowMs);
  }

  /** Sends a stream a last frame, and closes it when that is read. */
  dismiss(stream: Stream, frame: Buffer, end: StreamEnd): void {
    if (stream.socket.destroyed || stream.end !== undefined) return;
    stream.end = end;
    this.channel.remove(stream);
    this.viewers.channel.remove(stream);
    this.#leaving.add(stream);
    stream.socket.end(frame);
  }

  /** Closes the streams that did not read their last frame. */
  destroyLeaving(): void {
    for (const stream of this.#leaving) stream.socket.destroy();
  }

  async #resume(request: StreamRequest, basis: Basis): Promise<undefined> {
    const { feed } = this.#parts;
    for (let attempt = 0; attempt < RESUME_ATTEMPTS_MAX; attempt++) {
      const present = basisOf(feed);
      const delta = await feed.resume(basis);
      if (!isAt(feed, present)) continue;
      this.#take(request, delta ?? feed.whole());
      return undefined;
    }
    this.#takeAtPresent(request);
    return undefined;
  }

  #takeAtPresent(request: StreamRequest): void {
    const { feed } = this.#parts;
    const isPresent = request.basis !== undefined && isAt(feed, request.basis);
    this.#take(request, isPresent ? feed.heartbeat() : feed.whole());
  }

  /** In one turn with the choice of `first`, so that no change falls between it and the stream's place in the channel. */
  #take(request: StreamRequest, first: Buffer): void {
    const { tokenId } = request;
    this.#open(request, ({ socket, openedAt }) => {
      const stream = new Stream({ socket, channel: this.channel, tokenId, openedAt });
      this.channel.add(stream);
      return { stream, first: this.#parts.feed.present(first) };
    });
  }

  #takeViewer(request: StreamRequest, view: View): void {
    const { channel } = this.viewers;
    const { tokenId } = request;
    this.#open(request, ({ socket, openedAt }) => {
      const { first, ...begun } = this.viewers.begin(view);
      const stream = new Viewer({ socket, channel, tokenId, openedAt, view, ...begun });
      channel.add(stream);
      return { stream, first };
    });
  }

  #open(
    { outgoing, identity, basis }: StreamRequest,
    place: (on: Pick<Stream, "socket" | "openedAt">) => { readonly stream: Stream; readonly first: Buffer },
  ): void {
    const { socket } = outgoing;
    // The client has gone, or the server has begun to go, while it waited.
    if (socket === null || socket.destroyed) return;
    if (this.#parts.isDraining()) {
      socket.destroy();
      return;
    }
    const { clock, meter, feed } = this.#parts;
    const openedAt = clock.now();
    const { stream, first } = place({ socket, openedAt });
    begin(outgoing, socket, first);
    if (identity !== undefined) this.clients.connected(identity, stream, openedAt, basis);
    meter.streamOpened(feed.environment);
    let isOpen = true;
    const closed = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#closed(stream, identity);
    };
    socket.on("end", closed).on("close", closed);
  }

  /** Says goodbye to those streams of a slot that could not be told for a while what is stored. */
  #sendOn(slot: number, { now, nowMs }: { readonly now: EpochMs; readonly nowMs: number }): void {
    if (this.#parts.feed.isConfirmed) {
      this.#unconfirmedSinceMs = undefined;
      return;
    }
    this.#unconfirmedSinceMs ??= nowMs;
    if (nowMs - this.#unconfirmedSinceMs < UNCONFIRMED_MAX_MS) return;
    const waited = [...this.streams()].filter(
      (stream) => stream.slot === slot && now - stream.openedAt >= UNCONFIRMED_MAX_MS,
    );
    // The slots spread them, and each client adds to that.
    const goodbye: ClientGoodbye = { reason: "moved", retryAfterMs: 0 };
    const frame = encodeEvent({ event: "goodbye", json: JSON.stringify(goodbye) });
    for (const stream of waited) this.dismiss(stream, frame, "unconfirmed");
  }

  /** Says goodbye to those whose signature's time is over: they are to show that they still may. */
  #dismissExpired(now: EpochMs): void {
    const expired = [...this.viewers.channel].filter(({ view }) => (view.expiresAt ?? Infinity) <= now);
    if (expired.length === 0) return;
    const goodbye: ClientGoodbye = { reason: "expired", retryAfterMs: 0 };
    const frame = encodeEvent({ event: "goodbye", json: JSON.stringify(goodbye) });
    for (const viewer of expired) this.dismiss(viewer, frame, "expired");
  }

  #closed(stream: Stream, identity: ClientIdentity | undefined): void {
    // A peer that closed its half would get no more than its own reset.
    stream.socket.destroy();
    this.channel.remove(stream);
    this.viewers.channel.remove(stream);
    this.#leaving.delete(stream);
    if (identity !== undefined) this.clients.disconnected(identity, stream);
    this.#parts.meter.streamClosed(this.#parts.feed.environment, stream.end ?? "client");
  }

  #broadcast(change: FeedChange): void {
    const { frame, committedAt, urgent } = change;
    const { feed, clock, meter } = this.#parts;
    const { epoch } = feed;
    if (this.channel.held.epoch !== epoch) this.receipts.closeAll(clock.monotonicMs());
    const before = this.channel.held;
    this.channel.broadcast(frame, basisOf(feed), clock.monotonicMs());
    if (urgent !== undefined)
      this.receipts.begin(urgent, { epoch, before, now: clock.now(), nowMs: clock.monotonicMs() });
    this.viewers.changed(change);
    this.letGo();
    if (this.channel.size > 0) meter.fannedOut(feed.environment, Math.max(0, clock.now() - committedAt) / 1000);
  }
}

const basisOf = ({ epoch, revision }: Feed): Basis => ({ epoch, revision });

const isAt = (feed: Feed, { epoch, revision }: Basis): boolean => feed.epoch === epoch && feed.revision === revision;

/**
 * Without chunks the body is the frames and nothing else, the same bytes for everybody, also behind a proxy that speaks HTTP/1.0; it
 * ends when the connection does.
 */
const HEAD = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  connection: "close",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/** Writes the head and the first frame in one go. */
function begin(outgoing: ServerResponse, socket: Socket, first: Buffer): void {
  socket.cork();
  outgoing.removeHeader("transfer-encoding");
  outgoing.writeHead(200, HEAD);
  outgoing.flushHeaders();
  socket.write(first);
  socket.uncork();
}

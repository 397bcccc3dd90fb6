import type { ServerResponse } from "node:http";
import type { Basis, ClientsView, Goodbye } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Meter, StreamEnd, StreamRefusal } from "../ports/meter.ts";
import type { Random } from "../ports/random.ts";
import type { Cancel, NextTurn, Timers } from "../ports/timers.ts";
import { pause } from "../ports/timers.ts";
import type { AdmissionRate } from "./admission.ts";
import { Admission, TurnGate } from "./admission.ts";
import { Channel, SLOTS } from "./channel.ts";
import type { ClientIdentity } from "./clients.ts";
import { Clients } from "./clients.ts";
import type { Feed, FeedChange } from "./feed.ts";
import { encodeEvent } from "./frame.ts";
import type { Stream } from "./stream.ts";

/** Every stream gets a heartbeat this often. */
export const HEARTBEAT_MS = 5_000;

/** Goodbyes at a shutdown are spread over this many steps of `GOODBYE_STEP_MS`, so that clients don't come back all at once. */
const GOODBYE_STEPS = 20;
const GOODBYE_STEP_MS = 90;

/** How long a peer may take to read its goodbye. */
const GOODBYE_GRACE_MS = 1_000;

/** Hint to a client whose key was revoked: asking sooner is of no use. */
const REVOKED_RETRY_MS = 60_000;

/** A resume is made anew when the environment moves on while it is made; after this many times the client gets the snapshot. */
const RESUME_ATTEMPTS_MAX = 3;

/** Streams taken in one turn of the event loop: some ten milliseconds of work. */
const TAKEN_PER_TURN = 100;

export interface HubLimits {
  readonly streamsMax: number;
  readonly admission: AdmissionRate;
}

export interface HubParts {
  readonly feeds: Iterable<Feed>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly nextTurn: NextTurn;
  readonly random: Random;
  readonly meter: Meter;
  readonly limits: HubLimits;
}

export interface StreamRequest {
  readonly outgoing: ServerResponse;
  readonly environment: string;
  readonly tokenId: string;
  readonly identity: ClientIdentity;
  readonly basis: Basis | undefined;
}

export type StreamAnswer =
  | { readonly kind: "open" }
  | { readonly kind: "refused"; readonly refusal: StreamRefusal; readonly retryAfterSeconds: number };

interface Room {
  readonly feed: Feed;
  readonly channel: Channel;
  readonly clients: Clients;
  /** What streams that keep up hold: the feed's present, as of the last broadcast. */
  held: Basis;
}

/** All open streams: who is let in, what they are sent, and how they are let go. */
export class Hub {
  readonly #parts: HubParts;
  readonly #rooms = new Map<string, Room>();
  readonly #admission: Admission;
  readonly #gate: TurnGate;
  /** Streams that were said goodbye to and whose sockets are not closed yet. */
  readonly #leaving = new Set<Stream>();
  #size = 0;
  #slot = 0;
  #draining = false;
  #stopBeating: Cancel = () => undefined;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.limits.admission, parts.clock.monotonicMs());
    this.#gate = new TurnGate(TAKEN_PER_TURN, parts.nextTurn);
    for (const feed of parts.feeds) this.#addRoom(feed);
  }

  /** Open streams, of all environments. */
  get size(): number {
    return this.#size;
  }

  /** Begins the heartbeats. */
  start(): void {
    const slotMs = HEARTBEAT_MS / SLOTS;
    let dueMs = this.#parts.clock.monotonicMs() + slotMs;
    this.#stopBeating = this.#parts.timers.every(slotMs, () => {
      const nowMs = this.#parts.clock.monotonicMs();
      this.#parts.meter.heartbeatLag(Math.max(0, nowMs - dueMs) / 1000);
      dueMs = nowMs + slotMs;
      this.#beat(nowMs);
    });
  }

  /**
   * Takes over a response as a stream, and brings its client to the present: by nothing but a heartbeat when it is there, by one
   * delta from where it says it stands, or by the snapshot. When refused, nothing was written.
   */
  async open(request: StreamRequest): Promise<StreamAnswer> {
    const room = this.#rooms.get(request.environment);
    if (room === undefined) throw new Error(`no feed for the environment ${JSON.stringify(request.environment)}`);
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#parts.meter.streamRefused(refusal);
      return {
        kind: "refused",
        refusal,
        retryAfterSeconds: this.#admission.retryAfterSeconds(this.#parts.random.next()),
      };
    }
    await this.#gate.pass();
    await this.#bringToPresent(room, request);
    return { kind: "open" };
  }

  /** The SDK instances of an environment. */
  clients(environment: string): Clients | undefined {
    return this.#rooms.get(environment)?.clients;
  }

  /** The view of an environment's clients; undefined when there is no such environment. */
  clientsView(environment: string, limit: number): ClientsView | undefined {
    const room = this.#rooms.get(environment);
    return room?.clients.view({ environment, epoch: room.feed.epoch, revision: room.feed.revision, limit });
  }

  /** The tokens that have a stream open. */
  tokenIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { channel } of this.#rooms.values()) for (const stream of channel) ids.add(stream.tokenId);
    return ids;
  }

  /** Says goodbye to all streams of a token that is no longer good. */
  revoke(tokenId: string): void {
    const frame = goodbyeFrame({ reason: "revoked", retryAfterMs: REVOKED_RETRY_MS });
    for (const room of this.#rooms.values()) {
      const theirs = [...room.channel].filter((stream) => stream.tokenId === tokenId);
      for (const stream of theirs) this.#dismiss(room, stream, frame, "revoked");
    }
    this.#parts.timers.after(GOODBYE_GRACE_MS, () => this.#destroyLeaving());
  }

  /**
   * Lets no one in any more, and says goodbye to everybody over at most two seconds, each with another time to come back after.
   * Resolves when all sockets are closed.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    const open = [...this.#rooms.values()].flatMap((room) => [...room.channel].map((stream) => ({ room, stream })));
    const steps = Math.min(GOODBYE_STEPS, open.length);
    // Spread over the time in which the server that comes next can let them all in.
    const comeBackMs = Math.max(1_000, (open.length / this.#parts.limits.admission.perSecond) * 1_000);
    for (let step = 0; step < steps; step++) {
      if (step > 0) await pause(this.#parts.timers, GOODBYE_STEP_MS);
      const frame = goodbyeFrame({
        reason: "shutdown",
        retryAfterMs: Math.round(((step + this.#parts.random.next()) / steps) * comeBackMs),
      });
      for (let i = step; i < open.length; i += steps) {
        const one = open[i];
        if (one !== undefined) this.#dismiss(one.room, one.stream, frame, "shutdown");
      }
    }
    for (let waitedMs = 0; this.#leaving.size > 0 && waitedMs < GOODBYE_GRACE_MS; waitedMs += 50)
      await pause(this.#parts.timers, 50);
    this.#destroyLeaving();
    this.#stopBeating();
  }

  #addRoom(feed: Feed): void {
    const channel = new Channel({
      fellBehind: () => this.#parts.meter.consumerSlow(feed.environment),
      drained: (stream, held) => {
        const isPresent = held.epoch === feed.epoch && held.revision === feed.revision;
        stream.socket.write(isPresent ? feed.heartbeat() : feed.snapshot.frame);
      },
    });
    const room: Room = { feed, channel, clients: new Clients(), held: basisOf(feed) };
    this.#rooms.set(feed.environment, room);
    feed.onChange = (change) => this.#broadcast(room, change);
  }

  #refusal(): StreamRefusal | undefined {
    if (this.#draining) return "draining";
    if (this.#size >= this.#parts.limits.streamsMax) return "full";
    return this.#admission.admit(this.#parts.clock.monotonicMs()) ? undefined : "storm";
  }

  async #bringToPresent(room: Room, request: StreamRequest): Promise<void> {
    const { feed } = room;
    const { basis } = request;
    for (let attempt = 0; attempt < RESUME_ATTEMPTS_MAX; attempt++) {
      const { epoch, revision } = feed;
      if (basis?.epoch !== epoch || basis.revision === revision) break;
      const delta = await feed.resume(basis);
      if (feed.epoch !== epoch || feed.revision !== revision) continue;
      this.#take(room, request, delta ?? feed.snapshot.frame);
      return;
    }
    const isPresent = basis?.epoch === feed.epoch && basis.revision === feed.revision;
    this.#take(room, request, isPresent ? feed.heartbeat() : feed.snapshot.frame);
  }

  /** In one turn with the choice of `first`, so that no change falls between it and the stream's place in the channel. */
  #take(room: Room, { outgoing, tokenId, identity }: StreamRequest, first: Buffer): void {
    const { socket } = outgoing;
    // The client has gone, or the server has begun to go, while the first frame was made.
    if (socket === null || socket.destroyed) return;
    if (this.#draining) {
      socket.destroy();
      return;
    }
    const { environment } = room.feed;
    const stream: Stream = { socket, tokenId, slot: 0, place: 0, behind: undefined, end: undefined };
    socket.cork();
    writeHead(outgoing);
    socket.write(first);
    socket.uncork();
    room.channel.add(stream);
    this.#size += 1;
    this.#parts.meter.streamOpened(environment);
    const { clock } = this.#parts;
    const connectedAt = clock.now();
    const disconnected = room.clients.connected(
      identity,
      {
        held: () => stream.behind?.held ?? room.held,
        lastContactAt: () => Math.max(connectedAt, room.channel.contactAt(stream)),
      },
      connectedAt,
    );
    const closed = (): void => {
      socket.off("end", closed).off("close", closed);
      // A peer that closed its half would get no more than its own reset.
      socket.destroy();
      room.channel.remove(stream);
      this.#leaving.delete(stream);
      this.#size -= 1;
      this.#parts.meter.streamClosed(environment, stream.end ?? "client");
      disconnected();
    };
    socket.once("end", closed).once("close", closed);
  }

  #broadcast(room: Room, { frame, committedAt }: FeedChange): void {
    const { clock, meter } = this.#parts;
    room.channel.broadcast(frame, { held: room.held, nowMs: clock.monotonicMs() });
    room.held = basisOf(room.feed);
    if (room.channel.size > 0) meter.fannedOut(room.feed.environment, Math.max(0, clock.now() - committedAt) / 1000);
  }

  #beat(nowMs: number): void {
    const slot = this.#slot;
    this.#slot = (slot + 1) % SLOTS;
    const now = this.#parts.clock.now();
    for (const { feed, channel, clients, held } of this.#rooms.values()) {
      if (channel.size > 0) channel.beat(slot, feed.heartbeat(), { held, nowMs, now });
      if (slot === 0) clients.prune(now);
    }
  }

  #dismiss(room: Room, stream: Stream, frame: Buffer, end: StreamEnd): void {
    if (stream.socket.destroyed || stream.end !== undefined) return;
    stream.end = end;
    room.channel.remove(stream);
    this.#leaving.add(stream);
    stream.socket.end(frame);
  }

  #destroyLeaving(): void {
    for (const stream of this.#leaving) stream.socket.destroy();
  }
}

const goodbyeFrame = (goodbye: Goodbye): Buffer => encodeEvent({ event: "goodbye", json: JSON.stringify(goodbye) });

const basisOf = ({ epoch, revision }: Feed): Basis => ({ epoch, revision });

/**
 * The head of a stream. Without chunks the body is the frames and nothing else, the same bytes for everybody, also behind a proxy that
 * speaks HTTP/1.0; it ends when the connection does.
 */
function writeHead(outgoing: ServerResponse): void {
  outgoing.removeHeader("transfer-encoding");
  outgoing.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    connection: "close",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  outgoing.flushHeaders();
}

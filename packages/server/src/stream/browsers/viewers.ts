import type { Clock } from "../../ports/clock.ts";
import type { Meter } from "../../ports/meter.ts";
import type { NextTurn } from "../../ports/timers.ts";
import { Channel } from "../channel.ts";
import type { Feed, FeedChange } from "../feed.ts";
import { encodeEvent, UNCONFIRMED } from "../frame.ts";
import type { Answer } from "./answers.ts";
import type { Moment } from "./history.ts";
import { History } from "./history.ts";
import type { Values } from "./values.ts";
import { changedFrame, heartbeatFrame, valuesFor, valuesFrame } from "./values.ts";
import type { View, Viewer } from "./viewer.ts";

/** Work of one turn of the event loop, in evaluations: some five milliseconds. */
const WORK_PER_TURN = 2_000;

/** What writing to a socket costs, in evaluations. */
const WRITE_WORK = 8;

/** Frames that are kept while a change is told. Most viewers of one change get one of a few. */
const FRAMES_KEPT_MAX = 256;

/** A heartbeat for those who only hear notices: their protocol has none, and a comment is nothing to it. */
const COMMENT: Buffer = Buffer.from(": heartbeat\n\n");

/** What the viewers of one environment are served with. */
export interface ViewersParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly meter: Pick<Meter, "consumerSlow">;
  readonly nextTurn: NextTurn;
  /** Called with the values that a stream begins with. */
  readonly onServed?: (environment: string, values: Values) => void;
}

/** How a viewer begins: what it is sent first, and what it then holds. */
export interface Beginning extends Pick<Viewer, "holds" | "at"> {
  readonly first: Buffer;
}

/**
 * The streams of values in one environment. A change is told by evaluating, for each of them, the flags that it may have changed and no
 * others, a bounded number in each turn of the event loop; only those whose answer changed are written to. The others learn of the
 * revision from their next heartbeat, which is not sent before they were looked at.
 */
export class Viewers {
  readonly channel: Channel<Viewer>;
  readonly #parts: ViewersParts;
  readonly #history = new History();
  readonly #frames = new Map<string, Buffer>();
  #present: Moment;
  #committedAt = 0;
  /** Those who are to be told, from `#next` on. */
  #queue: readonly Viewer[] = [];
  #next = 0;
  #isTelling = false;

  constructor(parts: ViewersParts) {
    const { feed, meter } = parts;
    this.#parts = parts;
    this.#present = { epoch: feed.epoch, revision: feed.revision, seq: 0 };
    this.channel = new Channel<Viewer>(this.#present, {
      fellBehind: () => meter.consumerSlow(feed.environment),
      drained: (viewer) => void this.#bring(viewer),
    });
  }

  /** What a stream begins with. To be called in one turn with its taking its place in the channel. */
  begin(view: View): Beginning {
    const values = valuesFor(this.#parts.feed.answers, view.context, view.audience);
    const holds = new Map([...values.answers].map(([key, { content }]) => [key, content]));
    const isHeld = view.etag === values.etag;
    const at = this.#present;
    switch (view.tells) {
      case "values":
        if (!isHeld) this.#parts.onServed?.(this.#parts.feed.environment, values);
        return { holds, at, first: isHeld ? this.#heartbeat() : this.#whole(values) };
      case "notices":
        return { holds, at, first: isHeld || view.etag === undefined ? COMMENT : this.#notice() };
    }
  }

  /** The feed moved on. Tells as many as one turn may hold at once, and the others in the turns to come. */
  changed({ keys, urgent, committedAt }: Pick<FeedChange, "keys" | "urgent" | "committedAt">): void {
    const { epoch, revision } = this.#parts.feed;
    const seq = this.#present.seq + 1;
    this.#present = { epoch, revision, seq };
    this.channel.held = this.#present;
    this.#committedAt = committedAt;
    this.#frames.clear();
    if (keys === undefined) this.#history.restart(seq);
    else this.#history.add({ seq, keys, urgent: urgent !== undefined });
    // Those who still wait for the change before come first.
    this.#queue = [...new Set([...this.#queue.slice(this.#next), ...this.channel])];
    this.#next = 0;
    if (!this.#isTelling) this.#tell();
  }

  /** Writes the heartbeats of a slot. `nowMs` is monotonic. */
  beat(slot: number, nowMs: number): void {
    if (this.channel.size === 0) return;
    for (const viewer of this.channel) if (viewer.slot === slot) this.#bring(viewer);
    const frames = { values: this.#heartbeat(), notices: COMMENT };
    this.channel.beat(slot, (viewer) => frames[viewer.view.tells], { now: this.#parts.clock.now(), nowMs });
  }

  #tell(): void {
    let work = 0;
    while (this.#next < this.#queue.length && work < WORK_PER_TURN) {
      const viewer = this.#queue[this.#next];
      this.#next += 1;
      if (viewer !== undefined) work += this.#bring(viewer);
    }
    this.#isTelling = this.#next < this.#queue.length;
    if (this.#isTelling) this.#parts.nextTurn(() => this.#tell());
    else this.#queue = [];
  }

  /** Brings a viewer to the present. Returns what that cost, in evaluations. */
  #bring(viewer: Viewer): number {
    const present = this.#present;
    if (
      viewer.at.seq === present.seq ||
      viewer.behind !== undefined ||
      viewer.end !== undefined ||
      viewer.socket.destroyed
    )
      return 0;
    // Of what is not known to be stored, a browser takes all or nothing.
    if (viewer.at.epoch !== present.epoch || !this.#parts.feed.isConfirmed) return this.#bringAnew(viewer);
    const since = this.#history.since(viewer.at.seq);
    const { answers } = this.#parts.feed;
    const keys = since?.keys ?? [...new Set([...viewer.holds.keys(), ...answers.keys(viewer.view.audience)])];
    const changed = new Map<string, Answer>();
    const removed: string[] = [];
    for (const key of keys) {
      const answer = answers.answer(key, viewer.view.context, viewer.view.audience);
      if (answer === undefined) {
        if (viewer.holds.has(key)) removed.push(key);
      } else if (viewer.holds.get(key) !== answer.content) changed.set(key, answer);
    }
    const isNews = changed.size > 0 || removed.length > 0;
    const frame = this.#frameFor(viewer, { changed, removed, isNews, urgent: since?.urgent ?? false });
    // Left where it was, it gets all of this once it has read.
    if (frame !== undefined && !this.channel.send(viewer, frame, this.#parts.clock.monotonicMs())) return WRITE_WORK;
    for (const key of removed) viewer.holds.delete(key);
    for (const [key, { content }] of changed) viewer.holds.set(key, content);
    viewer.at = present;
    return keys.length + (frame === undefined ? 0 : WRITE_WORK);
  }

  /** By everything: what it holds is of another history, or it is not known what is stored. */
  #bringAnew(viewer: Viewer): number {
    const values = valuesFor(this.#parts.feed.answers, viewer.view.context, viewer.view.audience);
    const frame = viewer.view.tells === "values" ? this.#whole(values) : this.#notice();
    if (!this.channel.send(viewer, frame, this.#parts.clock.monotonicMs())) return WRITE_WORK;
    viewer.holds.clear();
    for (const [key, { content }] of values.answers) viewer.holds.set(key, content);
    viewer.at = this.#present;
    return values.answers.size + WRITE_WORK;
  }

  #frameFor(
    viewer: Viewer,
    news: {
      readonly changed: ReadonlyMap<string, Answer>;
      readonly removed: readonly string[];
      readonly isNews: boolean;
      readonly urgent: boolean;
    },
  ): Buffer | undefined {
    const { changed, removed, isNews, urgent } = news;
    switch (viewer.view.tells) {
      case "notices":
        return isNews ? this.#cached("", () => this.#notice()) : undefined;
      case "values": {
        if (!isNews && !urgent) return undefined;
        const name = [urgent, ...removed, "", ...[...changed].flatMap(([key, { json }]) => [key, json])].join("\n");
        const { epoch, revision } = this.#present;
        const head = { epoch, revision, committedAt: this.#committedAt, urgent };
        return this.#cached(name, () => changedFrame(head, { changed, removed }));
      }
    }
  }

  #cached(name: string, make: () => Buffer): Buffer {
    const cached = this.#frames.get(name);
    if (cached !== undefined) return cached;
    const made = make();
    if (this.#frames.size < FRAMES_KEPT_MAX) this.#frames.set(name, made);
    return made;
  }

  #heartbeat(): Buffer {
    return this.#parts.feed.isConfirmed ? heartbeatFrame(this.#present, this.#parts.clock.now()) : UNCONFIRMED;
  }

  #whole(values: Values): Buffer {
    return valuesFrame(this.#present, values, this.#parts.feed.isConfirmed ? "values" : "unconfirmed");
  }

  #notice(): Buffer {
    const { epoch, revision } = this.#present;
    return encodeEvent({
      id: `${epoch}:${revision}`,
      event: "message",
      json: JSON.stringify({ type: "refetchEvaluation" }),
    });
  }
}

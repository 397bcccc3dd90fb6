import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";

/** A message on its way is late by up to this, one time in eight; else by a few milliseconds. */
const LATE_MS_MAX = 3_000;
const PROMPT_MS_MAX = 20;

/** From a client to a server, or back. */
export type Direction = "up" | "down";

/** The way between one client and one server. Where it is cut nothing arrives; what was sent waits, as TCP would send it again. */
export class Line {
  readonly #clockwork: Clockwork;
  readonly #chance: Chance;
  /** Nothing is late. */
  isPrompt = false;
  #held: (() => void)[] = [];
  readonly #cut = new Set<Direction>();

  constructor(clockwork: Clockwork, chance: Chance) {
    this.#clockwork = clockwork;
    this.#chance = chance;
  }

  cut(directions: readonly Direction[] = ["up", "down"]): void {
    for (const direction of directions) this.#cut.add(direction);
  }

  mend(): void {
    this.#cut.clear();
    for (const arrive of this.#held.splice(0)) this.#clockwork.after(0, arrive);
  }

  /** Carries something across, in any order with what else is carried, `notBeforeMs` at the earliest. Gives when it is to arrive. */
  carry(direction: Direction, arrive: () => void, notBeforeMs = 0): number {
    const delayMs = this.#chance.between(1, !this.isPrompt && this.#chance.oneIn(8) ? LATE_MS_MAX : PROMPT_MS_MAX);
    const atMs = Math.max(notBeforeMs, this.#clockwork.nowMs + delayMs);
    this.#clockwork.after(atMs - this.#clockwork.nowMs, () => {
      if (this.#cut.has(direction)) this.#held.push(arrive);
      else arrive();
    });
    return atMs;
  }
}

/** What comes out of a connection at the client's end. */
export interface Receiver {
  opened(): void;
  text(chunk: string): void;
  failed(status: number | undefined, retryAfterMs: number | undefined): void;
}

/** One stream's bytes on their way to the client, in order; cut anywhere when the server dies. */
export class Connection {
  readonly #line: Line;
  readonly #chance: Chance;
  readonly #receiver: Receiver;
  #lastMs = 0;
  #isOpen = true;
  #isSevered = false;
  /** Tells the server's end that the client is gone. */
  onGone: () => void = () => undefined;

  constructor(line: Line, chance: Chance, receiver: Receiver) {
    this.#line = line;
    this.#chance = chance;
    this.#receiver = receiver;
  }

  /** The server's answer begins. */
  open(): void {
    this.#send(() => this.#receiver.opened());
  }

  /** In one piece or two. */
  write(text: string): void {
    const at = this.#chance.oneIn(4) ? this.#chance.between(0, text.length) : text.length;
    for (const piece of [text.slice(0, at), text.slice(at)]) if (piece !== "") this.#send(() => this.#arrive(piece));
  }

  /** The server ends it, or refuses it. */
  end(status?: number, retryAfterMs?: number): void {
    this.#send(() => this.#fail(status, retryAfterMs));
  }

  /** The server's process is gone: what is on the way may be lost, from any byte on, and the reset may be too. */
  sever(): void {
    this.#isSevered = true;
    this.#send(() => this.#fail());
  }

  /** The client ends it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#line.carry("up", () => this.onGone());
  }

  #send(arrive: () => void): void {
    const arriveIfOpen = (): void => {
      if (this.#isOpen) arrive();
    };
    this.#lastMs = this.#line.carry("down", arriveIfOpen, this.#lastMs);
  }

  #arrive(piece: string): void {
    if (!this.#isSevered || this.#chance.oneIn(2)) return this.#receiver.text(piece);
    this.#receiver.text(piece.slice(0, this.#chance.between(0, piece.length - 1)));
    this.#fail();
  }

  #fail(status?: number, retryAfterMs?: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#receiver.failed(status, retryAfterMs);
  }
}

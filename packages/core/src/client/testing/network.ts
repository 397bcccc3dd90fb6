import { step } from "../machine.ts";
import type { MachineAction, MachineInput, MachineState, TimerName } from "../machine-types.ts";

/**
 * How the simulated server behaves. `up`: streams live. `flapping`: streams die right after the first frame. `buffering`:
 * a proxy lets headers through and no bytes, polls work. `hanging`: nothing is ever answered. `busy`: 503 with Retry-After.
 * `leaving`: every stream is told goodbye at once. `drifting`: every stream's content calls for a resync.
 */
export type Weather =
  | "up"
  | "down"
  | "hanging"
  | "silenced"
  | "buffering"
  | "flapping"
  | "busy"
  | "refusing"
  | "leaving"
  | "drifting";

export const WEATHERS: readonly Weather[] = [
  "up",
  "down",
  "hanging",
  "silenced",
  "buffering",
  "flapping",
  "busy",
  "refusing",
  "leaving",
  "drifting",
];

const LATENCY_MS = 5;
const HEARTBEAT_MS = 5_000;
const POLL_TIMEOUT_MS = 10_000;
const BUSY_RETRY_MS = 2_000;

/** An answer on its way, of a stream or of a poll. */
interface Delivery {
  readonly atMs: number;
  readonly stream: number | undefined;
  readonly poll: number | undefined;
  readonly run: () => void;
}

/** The machine in a world with a virtual clock and a server with weather. */
export class SimulatedNetwork {
  state: MachineState = { kind: "idle" };
  nowMs = 0;
  weather: Weather = "up";
  /** When each stream and each poll was begun. */
  readonly streamAttempts: number[] = [];
  readonly pollAttempts: number[] = [];
  streamsOpen = 0;
  streamsOpenMax = 0;
  pollsOpenMax = 0;
  actionsAfterClose = 0;
  lastContactMs: number | undefined;

  readonly #random: () => number;
  readonly #timers = new Map<TimerName, number>();
  #deliveries: Delivery[] = [];
  #stream = 0;
  #poll = 0;
  #pollsOpen = 0;
  #closed = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  send(input: MachineInput): void {
    const { state, actions } = step(this.state, { ...input, random: this.#random() });
    this.state = state;
    if (this.#closed) this.actionsAfterClose += actions.length;
    if (state.kind === "closed") this.#closed = true;
    for (const action of actions) this.#act(action);
  }

  /** Lets the world run, in order of time. */
  runFor(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const timer = [...this.#timers].reduce<[TimerName, number] | undefined>(
        (a, b) => (a && a[1] <= b[1] ? a : b),
        undefined,
      );
      const delivery = this.#deliveries.reduce<Delivery | undefined>(
        (a, b) => (a && a.atMs <= b.atMs ? a : b),
        undefined,
      );
      const atMs = Math.min(timer?.[1] ?? Infinity, delivery?.atMs ?? Infinity);
      if (atMs > untilMs) break;
      this.nowMs = atMs;
      if (timer && timer[1] === atMs) {
        this.#timers.delete(timer[0]);
        this.send({ kind: "timer", timer: timer[0] });
      } else if (delivery) {
        this.#deliveries = this.#deliveries.filter((other) => other !== delivery);
        delivery.run();
      }
    }
    this.nowMs = untilMs;
  }

  /** The weather turns; streams that are open notice it, unless the network just goes black. */
  turn(weather: Weather): void {
    this.weather = weather;
    if (this.streamsOpen === 0) return;
    if (weather === "hanging" || weather === "silenced") this.#drop((delivery) => delivery.stream === undefined);
    else if (weather !== "up") this.#endStream({ kind: "streamFailed" });
  }

  #act(action: MachineAction): void {
    switch (action.kind) {
      case "openStream":
        this.streamAttempts.push(this.nowMs);
        this.streamsOpen += 1;
        this.streamsOpenMax = Math.max(this.streamsOpenMax, this.streamsOpen);
        return this.#answerStream(++this.#stream);
      case "closeStream":
        this.streamsOpen -= 1;
        return this.#drop((delivery) => delivery.stream === undefined);
      case "poll":
        this.pollAttempts.push(this.nowMs);
        this.#pollsOpen += 1;
        this.pollsOpenMax = Math.max(this.pollsOpenMax, this.#pollsOpen);
        return this.#answerPoll(++this.#poll);
      case "abortPoll":
        this.#pollsOpen -= 1;
        return this.#drop((delivery) => delivery.poll === undefined);
      case "setTimer":
        this.#timers.set(action.timer, this.nowMs + action.afterMs);
        return;
      case "cancelTimer":
        this.#timers.delete(action.timer);
    }
  }

  #answerStream(stream: number): void {
    const after = (ms: number, run: () => void) => this.#later(ms, { stream }, run);
    switch (this.weather) {
      case "down":
        return after(LATENCY_MS, () => this.#endStream({ kind: "streamFailed" }));
      case "hanging":
        return;
      case "busy":
        return after(LATENCY_MS, () =>
          this.#endStream({ kind: "streamFailed", status: 503, retryAfterMs: BUSY_RETRY_MS }),
        );
      case "refusing":
        return after(LATENCY_MS, () => this.#endStream({ kind: "streamFailed", status: 401 }));
      case "silenced":
      case "buffering":
        return after(LATENCY_MS, () => this.send({ kind: "streamOpened" }));
      case "up":
      case "flapping":
      case "leaving":
      case "drifting":
        after(LATENCY_MS, () => this.send({ kind: "streamOpened" }));
        return after(2 * LATENCY_MS, () => this.#frame(stream));
    }
  }

  #frame(stream: number): void {
    this.lastContactMs = this.nowMs;
    this.send({ kind: "streamBytes" });
    this.send({ kind: "streamFrame" });
    const next = (ms: number, run: () => void) => this.#later(ms, { stream }, run);
    if (this.weather === "flapping") next(LATENCY_MS, () => this.#endStream({ kind: "streamFailed" }));
    else if (this.weather === "leaving")
      next(LATENCY_MS, () => this.send({ kind: "goodbye", reason: "shutdown", retryAfterMs: 0 }));
    else if (this.weather === "drifting") next(LATENCY_MS, () => this.send({ kind: "resync" }));
    else next(HEARTBEAT_MS, () => this.#frame(stream));
  }

  #answerPoll(poll: number): void {
    const after = (ms: number, input: MachineInput) =>
      this.#later(ms, { poll }, () => {
        this.#pollsOpen -= 1;
        if (input.kind === "pollNotModified") this.lastContactMs = this.nowMs;
        this.send(input);
      });
    switch (this.weather) {
      case "down":
        return after(LATENCY_MS, { kind: "pollFailed" });
      case "hanging":
      case "silenced":
        return after(POLL_TIMEOUT_MS, { kind: "pollFailed" });
      case "busy":
        return after(LATENCY_MS, { kind: "pollFailed", status: 503, retryAfterMs: BUSY_RETRY_MS });
      case "refusing":
        return after(LATENCY_MS, { kind: "pollFailed", status: 403 });
      case "up":
      case "buffering":
      case "flapping":
      case "leaving":
      case "drifting":
        return after(LATENCY_MS, { kind: "pollNotModified" });
    }
  }

  #endStream(input: MachineInput): void {
    this.streamsOpen -= 1;
    this.#drop((delivery) => delivery.stream === undefined);
    this.send(input);
  }

  #later(ms: number, of: { readonly stream?: number; readonly poll?: number }, run: () => void): void {
    this.#deliveries.push({ atMs: this.nowMs + ms, stream: of.stream, poll: of.poll, run });
  }

  #drop(keep: (delivery: Delivery) => boolean): void {
    this.#deliveries = this.#deliveries.filter(keep);
  }
}

/** Most events that fell into any one minute. */
export function mostInAMinute(timesMs: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < timesMs.length; to++) {
    while ((timesMs[to] ?? 0) - (timesMs[from] ?? 0) > 60_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

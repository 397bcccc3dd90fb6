import { step } from "./machine.ts";
import type { Failure, MachineAction, MachineConfig, MachineInput, MachineState, TimerName } from "./machine-types.ts";
import type { ClientPorts, HttpRequest, HttpResponse, PendingResponse, StreamHandle, StreamRequest } from "./ports.ts";

/** What the link asks of its client, and tells it. */
export interface LinkHost {
  streamRequest(): StreamRequest;
  pollRequest(): HttpRequest;
  /** A whole event of the stream came. The answer is what the machine should hear besides. */
  onFrame(event: string, data: string): MachineInput | undefined;
  /** A poll was answered. The answer is what the machine hears. */
  onPoll(response: HttpResponse): MachineInput;
  onProblem(problem: { readonly code: string; readonly message: string }): void;
  /** After every step of the machine. */
  onStep(): void;
}

/** Does what the machine says: opens the stream, polls, keeps the timers. It decides nothing. */
export class Link {
  readonly #ports: ClientPorts;
  readonly #config: MachineConfig;
  readonly #host: LinkHost;
  readonly #timers = new Map<TimerName, () => void>();
  readonly #inbox: MachineInput[] = [];
  #state: MachineState = { kind: "idle" };
  #draining = false;
  #stream: StreamHandle | undefined;
  #poll: PendingResponse | undefined;

  constructor(ports: ClientPorts, config: MachineConfig, host: LinkHost) {
    this.#ports = ports;
    this.#config = config;
    this.#host = host;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Lets the machine hear of something. What its actions bring about at once waits until they are all done. */
  send(input: MachineInput): void {
    this.#inbox.push(input);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#step(next);
    } finally {
      this.#draining = false;
    }
  }

  #step(input: MachineInput): void {
    const { state, actions } = step(this.#state, { ...input, random: this.#ports.random() }, this.#config);
    this.#state = state;
    for (const action of actions) this.#act(action);
    this.#host.onStep();
  }

  #act(action: MachineAction): void {
    switch (action.kind) {
      case "openStream":
        return this.#openStream();
      case "closeStream":
        this.#stream?.close();
        this.#stream = undefined;
        return;
      case "poll":
        return this.#startPoll();
      case "abortPoll":
        this.#poll?.abort();
        this.#poll = undefined;
        return;
      case "setTimer":
        this.#timers.get(action.timer)?.();
        this.#timers.set(
          action.timer,
          this.#ports.setTimer(action.afterMs, () => this.#onTimer(action.timer)),
        );
        return;
      case "cancelTimer":
        this.#timers.get(action.timer)?.();
        this.#timers.delete(action.timer);
    }
  }

  #onTimer(timer: TimerName): void {
    this.#timers.delete(timer);
    if (timer === "deadline") this.#reportSilence();
    this.send({ kind: "timer", timer });
  }

  #openStream(): void {
    // A stream that was closed says nothing more; should its port not keep to that, its words are not for this one.
    const mine = (): boolean => this.#stream === handle;
    const request = this.#host.streamRequest();
    const handle = this.#ports.openStream(request, {
      opened: () => {
        if (mine()) this.send({ kind: "streamOpened" });
      },
      bytes: () => {
        if (mine()) this.send({ kind: "streamBytes" });
      },
      frame: (event, data) => {
        if (!mine()) return;
        this.send({ kind: "streamFrame" });
        const input = this.#host.onFrame(event, data);
        if (input !== undefined) this.send(input);
        else this.#host.onStep();
      },
      failed: (failure) => {
        if (!mine()) return;
        this.#stream = undefined;
        this.#host.onProblem({ code: "STREAM_FAILED", message: `GET ${request.url}: ${failure.message}` });
        this.send({ kind: "streamFailed", ...statusOf(failure) });
      },
    });
    this.#stream = handle;
  }

  #startPoll(): void {
    const request = this.#host.pollRequest();
    const poll = this.#ports.request(request);
    this.#poll = poll;
    const ended = (): boolean => {
      const mine = this.#poll === poll;
      if (mine) this.#poll = undefined;
      return mine;
    };
    const answered = (response: HttpResponse): void => {
      if (ended()) this.send(this.#host.onPoll(response));
    };
    const failed = (error: unknown): void => {
      if (!ended()) return;
      this.#host.onProblem({ code: "POLL_FAILED", message: `GET ${request.url}: ${String(error)}` });
      this.send({ kind: "pollFailed" });
    };
    poll.response.then(answered, failed);
  }

  #reportSilence(): void {
    if (this.#state.kind !== "running") return;
    const { kind } = this.#state.stream;
    const { openTimeoutMs, firstByteMs, watchdogMs } = this.#config;
    const afterMs = {
      opening: openTimeoutMs,
      silent: firstByteMs,
      filling: watchdogMs,
      live: watchdogMs,
      waiting: 0,
    }[kind];
    const missing = { opening: "answer", silent: "byte", filling: "whole frame", live: "frame", waiting: "" }[kind];
    this.#host.onProblem({
      code: "STREAM_SILENT",
      message: `no ${missing} on the stream for ${afterMs / 1000} s; connecting anew`,
    });
  }
}

function statusOf(failure: Failure): Failure {
  return {
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
  };
}

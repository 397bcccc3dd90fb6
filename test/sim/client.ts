import type { ClientPorts, ClientStatus, FlagClient, HttpRequest, PendingResponse, StreamEvents } from "@rampart/core";
import { createClientOnPorts } from "@rampart/core";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import { Connection, type Line } from "./network.ts";
import { FLAG } from "./plan.ts";
import type { SimulatedServer } from "./server.ts";

/** The way that one connection takes. */
export interface Route {
  readonly line: Line;
  /** Who is at its other end at this moment; undefined: nobody listens there. */
  server(): SimulatedServer | undefined;
}

/** What a client reaches. */
export interface Reach {
  /** Of the next connection, as a balancer chooses it. */
  route(): Route;
  /** A body that a proxy on the way kept from before, instead of the server's; undefined: there is none. */
  stale(): string | undefined;
}

export interface ClientParts {
  readonly name: string;
  readonly clockwork: Clockwork;
  readonly chance: Chance;
  readonly reach: Reach;
  /** Called when the client may hold something else than before. */
  readonly onMoved: () => void;
}

/** A process with an SDK in it, which can be lost and come again with what its disk has, on a machine that can sleep and whose clock can be set. */
export class SimulatedClient {
  readonly name: string;
  /** Saves fail. */
  isCacheBroken = false;
  readonly #parts: ClientParts;
  #client: FlagClient | undefined;
  #life = 0;
  #cache: string | undefined;
  #wallAheadMs = 0;
  #sleptMs = 0;
  #asleepSinceMs: number | undefined;
  #onWake: (() => void)[] = [];

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.name = parts.name;
  }

  get isRunning(): boolean {
    return this.#client !== undefined && this.#asleepSinceMs === undefined;
  }

  /** Which process it is: 1, 2, … */
  get life(): number {
    return this.#life;
  }

  start(): void {
    this.#life += 1;
    this.#client = createClientOnPorts(this.#ports(this.#life), {
      url: "http://flags.test",
      sdkKey: "rs_simulated",
      sdk: "sim/1",
      instanceId: `${this.name}-${this.#life}`,
    });
    this.#client.on("change", this.#parts.onMoved);
    void this.#client.init({ timeoutMs: 1_000 });
  }

  /** SIGKILL. */
  crash(): void {
    this.#life += 1;
    this.#client = undefined;
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }

  sleep(): void {
    this.#asleepSinceMs ??= this.#parts.clockwork.nowMs;
  }

  wake(): void {
    if (this.#asleepSinceMs === undefined) return;
    this.#sleptMs += this.#parts.clockwork.nowMs - this.#asleepSinceMs;
    this.#asleepSinceMs = undefined;
    for (const run of this.#onWake.splice(0)) run();
  }

  setClock(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  isOn(user: string): boolean {
    return this.#client?.isEnabled(FLAG, user) ?? false;
  }

  get status(): ClientStatus | undefined {
    return this.#client?.status();
  }

  readonly #open = new Set<Connection>();

  #ports(life: number): ClientPorts {
    const { clockwork, chance } = this.#parts;
    return {
      now: () => clockwork.nowMs - this.#sleptMs - this.#sleepingMs,
      wallNow: () => 1_800_000_000_000 + clockwork.nowMs + this.#wallAheadMs,
      random: () => chance.next(),
      openStream: ({ url, headers }, events) => this.#openStream({ url, headers }, { events, life }),
      request: (request) => this.#request(request, life),
      setTimer: (afterMs, callback) => this.#setTimer(afterMs, () => this.#inLife(life, callback)),
      cache: {
        load: () => Promise.resolve(this.#cache),
        save: (text) => this.#save(text, life),
      },
    };
  }

  get #sleepingMs(): number {
    return this.#asleepSinceMs === undefined ? 0 : this.#parts.clockwork.nowMs - this.#asleepSinceMs;
  }

  /** Runs when the machine is awake, unless the process is gone by then. */
  #inLife(life: number, run: () => void): void {
    if (life !== this.#life) return;
    if (this.#asleepSinceMs === undefined) run();
    else this.#onWake.push(() => this.#inLife(life, run));
  }

  /** By the monotonic clock, which stands still while the machine sleeps. */
  #setTimer(afterMs: number, callback: () => void): () => void {
    const { clockwork } = this.#parts;
    const sleptBeforeMs = this.#sleptMs;
    let isCancelled = false;
    clockwork.after(afterMs, () => {
      if (isCancelled) return;
      const missedMs = this.#sleptMs - sleptBeforeMs;
      if (this.#asleepSinceMs !== undefined || missedMs === 0) this.#onceAwake(() => !isCancelled && callback());
      else clockwork.after(missedMs, () => this.#onceAwake(() => !isCancelled && callback()));
    });
    return () => {
      isCancelled = true;
    };
  }

  #onceAwake(run: () => void): void {
    if (this.#asleepSinceMs === undefined) run();
    else this.#onWake.push(run);
  }

  async #save(text: string, life: number): Promise<void> {
    if (this.isCacheBroken) throw new Error("ENOSPC");
    const { clockwork, chance } = this.#parts;
    await new Promise<void>((resolve) => clockwork.after(chance.between(0, 50), resolve));
    if (life !== this.#life) return new Promise(() => undefined);
    this.#cache = text;
  }

  #openStream(
    request: Parameters<ClientPorts["openStream"]>[0],
    { events, life }: { readonly events: StreamEvents; readonly life: number },
  ): { close(): void } {
    const decode = decoder(events);
    const failed = (status: number | undefined, retryAfterMs: number | undefined): void =>
      events.failed({
        message: "the simulated stream failed",
        ...(status !== undefined && { status }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
    const route = this.#parts.reach.route();
    const connection = new Connection(route.line, this.#parts.chance, {
      opened: () => this.#inLife(life, () => this.#open.has(connection) && events.opened()),
      text: (chunk) => this.#inLife(life, () => this.#open.has(connection) && decode(chunk)),
      failed: (status, retryAfterMs) =>
        this.#inLife(life, () => {
          if (this.#open.delete(connection)) failed(status, retryAfterMs);
        }),
    });
    this.#open.add(connection);
    route.line.carry("up", () => {
      const server = route.server();
      if (server === undefined) connection.end();
      else server.whenAwake(() => server.stream(request, { instanceId: `${this.name}-${life}`, connection }));
    });
    return {
      close: () => {
        this.#open.delete(connection);
        connection.close();
      },
    };
  }

  #request(request: HttpRequest, life: number): PendingResponse {
    let abort = (): void => undefined;
    const response = new Promise<Awaited<PendingResponse["response"]>>((resolve, reject) => {
      const fail = (): void => reject(new Error("no answer"));
      abort = fail;
      this.#setTimer(request.timeoutMs, () => this.#inLife(life, fail));
      const route = this.#parts.reach.route();
      const back = (act: () => void): void => void route.line.carry("down", () => this.#inLife(life, act));
      route.line.carry("up", () => {
        const stale = request.method === "GET" ? this.#parts.reach.stale() : undefined;
        if (stale !== undefined) return back(() => resolve({ status: 200, body: stale }));
        const server = route.server();
        if (server === undefined) return back(fail);
        server.whenAwake(() => {
          void server
            .answer(request, `${this.name}-${life}`)
            .then((answer) => back(() => (answer === undefined ? fail() : resolve(answer))));
        });
      });
    });
    response.catch(() => undefined);
    return { response, abort: () => abort() };
  }
}

/** Takes whole events out of the chunks of a stream, as the server writes them: `id`, `event`, one line of `data`. */
function decoder(events: StreamEvents): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    events.bytes();
    rest += chunk;
    for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      events.frame(/^event: (.*)$/m.exec(frame)?.[1] ?? "message", /^data: (.*)$/m.exec(frame)?.[1] ?? "");
    }
  };
}

import type { CachePort, ClientPorts, HttpRequest, HttpResponse, StreamEvents, StreamRequest } from "../ports.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
  readonly keepAlive: boolean;
}

/** A stream that the client opened, to speak into. */
export class FakeStream {
  readonly request: StreamRequest;
  readonly #events: StreamEvents;
  isOpen = true;

  constructor(request: StreamRequest, events: StreamEvents) {
    this.request = request;
    this.#events = events;
  }

  /** Answers with headers. */
  open(): this {
    this.#events.opened();
    return this;
  }

  bytes(): this {
    this.#events.bytes();
    return this;
  }

  send(event: string, data: unknown): this {
    this.#events.bytes();
    this.#events.frame(event, typeof data === "string" ? data : JSON.stringify(data));
    return this;
  }

  fail(failure: { readonly status?: number; readonly retryAfterMs?: number } = {}): void {
    this.isOpen = false;
    this.#events.failed({ message: "the fake stream failed", ...failure });
  }
}

/** A request that the client made, to answer. */
export interface FakeExchange {
  readonly request: HttpRequest;
  readonly answer: (response: Partial<HttpResponse> & { readonly status: number }) => Promise<void>;
  readonly fail: () => Promise<void>;
  aborted: boolean;
}

/** A cache in memory. `hold` makes saves wait until `release`, as a slow disk does. */
export class FakeCache implements CachePort {
  text: string | undefined = undefined;
  saves = 0;
  broken = false;
  #held: (() => void)[] | undefined;

  async load(): Promise<string | undefined> {
    if (this.broken) throw new Error("EIO");
    return this.text;
  }

  async save(text: string): Promise<void> {
    if (this.broken) throw new Error("ENOSPC");
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    this.text = text;
    this.saves += 1;
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const waiting = this.#held ?? [];
    this.#held = undefined;
    for (const resume of waiting) resume();
  }
}

/** A platform with a clock that stands until it is moved, and a network that does what the test says. */
export class FakePlatform {
  nowMs = 1_000;
  wallMs = 1_700_000_000_000;
  chance = 0.5;
  readonly streams: FakeStream[] = [];
  readonly exchanges: FakeExchange[] = [];
  readonly cache = new FakeCache();
  clockReads = 0;
  answersGoodbyes = true;
  #timers: Timer[] = [];

  readonly ports: ClientPorts = {
    now: () => {
      this.clockReads += 1;
      return this.nowMs;
    },
    wallNow: () => this.wallMs,
    random: () => this.chance,
    openStream: (request, events) => {
      const stream = new FakeStream(request, events);
      this.streams.push(stream);
      return {
        close: () => {
          stream.isOpen = false;
        },
      };
    },
    request: (request) => this.#request(request),
    setTimer: (afterMs, callback, options) => {
      const timer = { atMs: this.nowMs + afterMs, callback, keepAlive: options?.keepAlive === true };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    },
    cache: this.cache,
  };

  get stream(): FakeStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened");
    return stream;
  }

  get openStreams(): number {
    return this.streams.filter((stream) => stream.isOpen).length;
  }

  /** The newest request to a path that ends like this. */
  exchange(path: string): FakeExchange {
    const exchange = this.exchanges.findLast(({ request }) => request.url.endsWith(path));
    if (exchange === undefined) throw new Error(`nothing was asked of ${path}`);
    return exchange;
  }

  sent(path: string): readonly unknown[] {
    return this.exchanges
      .filter(({ request }) => request.url.endsWith(path))
      .map(({ request }) => JSON.parse(request.body ?? "null"));
  }

  get timersPending(): number {
    return this.#timers.length;
  }

  get keepsProcessAlive(): boolean {
    return this.#timers.some((timer) => timer.keepAlive);
  }

  /** Both clocks go on; timers fire in order, and what they start gets its turn. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#timers.reduce<Timer | undefined>(
        (a, b) => (a !== undefined && a.atMs <= b.atMs ? a : b),
        undefined,
      );
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#moveTo(next.atMs);
      next.callback();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  /** The machine sleeps: only the wall clock goes on, and no timer fires. */
  suspend(ms: number): void {
    this.wallMs += ms;
  }

  #moveTo(atMs: number): void {
    this.wallMs += Math.max(0, atMs - this.nowMs);
    this.nowMs = Math.max(this.nowMs, atMs);
  }

  #request(request: HttpRequest): ReturnType<ClientPorts["request"]> {
    let resolve: (response: HttpResponse) => void = () => {};
    let reject: (error: Error) => void = () => {};
    const response = new Promise<HttpResponse>((ok, failed) => {
      resolve = ok;
      reject = failed;
    });
    // A request that nobody waits for any more must not count as unhandled.
    response.catch(() => {});
    const exchange: FakeExchange = {
      request,
      aborted: false,
      answer: (answer) => {
        resolve({ body: "", ...answer });
        return settle();
      },
      fail: () => {
        reject(new Error("the fake network failed"));
        return settle();
      },
    };
    this.exchanges.push(exchange);
    // As servers do at once; what else is asked the test answers.
    if (request.body?.includes('"left":true') === true && this.answersGoodbyes) void exchange.answer({ status: 204 });
    return {
      response,
      abort: () => {
        exchange.aborted = true;
        reject(new Error("aborted"));
      },
    };
  }
}

/** Lets everything that waits for promises have its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

import type { ClientFlag, ClientValues, JsonValue } from "@rampart/core";
import { vi } from "vitest";
import { createClient, type BrowserClientOptions } from "../client.ts";
import type { BrowserClient } from "../types.ts";

export const FLAG = "checkout";
export const EPOCH = "t0193000000000000000a";

/** A boolean flag's answer. */
export function flagOf(value: JsonValue, { leaseMs }: { readonly leaseMs?: number } = {}): ClientFlag {
  const lease = leaseMs === undefined ? {} : { lease: { ms: leaseMs, value: false, variant: "off" } };
  return { value, variant: value === true ? "on" : "off", reason: "SPLIT", revision: 1, ...lease };
}

export function valuesOf(revision: number, flags: Readonly<Record<string, ClientFlag>>, epoch = EPOCH): ClientValues {
  return { epoch, revision, etag: `v${revision}`, flags };
}

/** A call that a page made. */
export interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly [field: string]: unknown };
}

/** An open stream, from the server's side. */
export class ServerStream {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
  }

  async say(event: string, data: object | null): Promise<void> {
    await this.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async write(text: string): Promise<void> {
    this.#controller.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  async end(): Promise<void> {
    this.#controller.close();
    await settled();
  }
}

/** What the server does with a call: a status, values to answer with, or nothing ever. */
export type Answer = number | ClientValues | "hang" | "stream" | "unreachable";

/** A page in a browser without locks, its clock in the test's hands, and the server that it talks to. */
export class FakePage {
  readonly calls: Call[] = [];
  readonly streams: ServerStream[] = [];
  readonly beacons: { readonly url: string; readonly body: string }[] = [];
  readonly storage = new Map<string, string>();
  storageFails = false;
  /** By call; streams open and stay unless told otherwise. */
  answers: { [path: string]: Answer } = { stream: "stream", evaluate: "hang", ack: 204, events: 204 };
  readonly #events = new EventTarget();
  readonly #document = { hidden: false };

  constructor() {
    vi.useFakeTimers({ now: 1_750_000_000_000 });
    const refuse = (): void => {
      if (this.storageFails) throw new DOMException("QuotaExceededError");
    };
    const globals = {
      fetch: (url: string, init: RequestInit) => this.#fetch(url, init),
      navigator: { sendBeacon: (url: string, body: string) => this.beacons.push({ url, body }) > 0 },
      document: this.#document,
      addEventListener: this.#events.addEventListener.bind(this.#events),
      localStorage: {
        getItem: (name: string) => (refuse(), this.storage.get(name) ?? null),
        setItem: (name: string, text: string) => (refuse(), this.storage.set(name, text)),
      },
    };
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  }

  /** Locks are there, and may not be used. */
  forbidLocks(): void {
    const locks = { request: () => Promise.reject(new DOMException("SecurityError")) };
    Object.assign(navigator, { locks });
  }

  dispose(): void {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }

  /** The newest stream. */
  get stream(): ServerStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened");
    return stream;
  }

  /** A client of this page, begun. */
  async client(options: Partial<BrowserClientOptions> = {}): Promise<BrowserClient> {
    const client = createClient({ url: "https://flags.example", clientKey: "key", context: "user-1", ...options });
    void client.init();
    await settled();
    return client;
  }

  paths(): readonly string[] {
    return this.calls.map(({ path }) => path);
  }

  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await settled();
  }

  /** Lets time pass until the client opens another stream. */
  async nextStream(): Promise<ServerStream> {
    const { length } = this.streams;
    for (let waitedMs = 0; this.streams.length === length && waitedMs < 60_000; waitedMs += 100) await this.pass(100);
    return this.stream;
  }

  async fire(event: string, how: { readonly hidden?: boolean } = {}): Promise<void> {
    if (how.hidden !== undefined) this.#document.hidden = how.hidden;
    this.#events.dispatchEvent(new Event(event));
    await settled();
  }

  #fetch(url: string, { headers, body, signal }: RequestInit): Promise<Response> {
    const path = url.replace("https://flags.example/client/v1/", "");
    const { [path]: answer } = this.answers;
    this.calls.push({
      path,
      headers: headers as Call["headers"],
      body: JSON.parse(body as string) as Call["body"],
    });
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new DOMException("aborted", "AbortError"));
      if (signal?.aborted === true) return abort();
      signal?.addEventListener("abort", abort);
      if (answer === "unreachable") reject(new TypeError("Failed to fetch"));
      else if (answer === "stream") resolve(this.#open(signal));
      else if (typeof answer === "number")
        resolve(new Response(null, { status: answer, headers: answer === 503 ? { "retry-after": "7" } : {} }));
      else if (typeof answer === "object") resolve(Response.json(answer));
    });
  }

  #open(signal: AbortSignal | null | undefined): Response {
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.streams.push(new ServerStream(controller));
          signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
        },
      }),
    );
  }
}

/** Resolves when what was set off has run its course. Streams take a few turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

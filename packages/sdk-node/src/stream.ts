import type { Failure, StreamEvents, StreamHandle, StreamRequest } from "@rampart/core";
import { retryAfterMs, SNAPSHOT_BYTES_MAX } from "@rampart/core";
import type { ErrorEvent, EventSource, FetchLikeResponse } from "eventsource";
import type { BodyReader, Fetch, FetchAnswer } from "./fetch.ts";

const EVENTS = ["snapshot", "delta", "emergency", "heartbeat", "goodbye"] as const;

/**
 * One event stream. `eventsource` reads it; everything else that it would do (retry after 3 s, never after a 503) is stopped at the first
 * error, because core decides when to come back.
 */
export function openStream(fetch: Fetch, request: StreamRequest, events: StreamEvents): StreamHandle {
  const stream = new SupervisedStream(fetch, request, events);
  void stream.start();
  return stream;
}

class SupervisedStream implements StreamHandle {
  readonly #fetch: Fetch;
  readonly #request: StreamRequest;
  readonly #events: StreamEvents;
  readonly #controller = new AbortController();
  #source: EventSource | undefined;
  #failure: Failure = {};
  /** Bytes since the last whole event: an event without an end must not fill the memory. */
  #unframedBytes = 0;

  constructor(fetch: Fetch, request: StreamRequest, events: StreamEvents) {
    this.#fetch = fetch;
    this.#request = request;
    this.#events = events;
  }

  /** Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#fail({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#controller.abort();
    const source = this.#source;
    source?.close();
    // When it fails, it sets its retry timer only after it has told us: clear that too.
    queueMicrotask(() => source?.close());
  }

  get #isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  async #open(): Promise<void> {
    // Loaded with the first stream: a client that is never initialised does not pay for it.
    const { EventSource } = await import("eventsource");
    if (this.#isOver) return;
    const source = new EventSource(this.#request.url, {
      fetch: (url, init) => this.#connect(String(url), init.headers),
    });
    this.#source = source;
    source.addEventListener("open", () => {
      if (!this.#isOver) this.#events.opened();
    });
    source.addEventListener("error", ({ message }: ErrorEvent) =>
      this.#fail({ ...this.#failure, message: message ?? "the server ended the stream" }),
    );
    for (const event of EVENTS) source.addEventListener(event, ({ data }) => this.#frame(event, data));
  }

  #frame(event: string, data: unknown): void {
    this.#unframedBytes = 0;
    if (!this.#isOver) this.#events.frame(event, String(data));
  }

  #fail(failure: Failure & { readonly message: string }): void {
    if (this.#isOver) return;
    this.close();
    this.#events.failed(failure);
  }

  async #connect(url: string, headers: Record<string, string>): Promise<FetchLikeResponse> {
    const answer = await this.#fetch(url, {
      method: "GET",
      headers: { ...headers, ...this.#request.headers },
      signal: this.#controller.signal,
      redirect: "manual",
    });
    const askedMs = retryAfterMs(answer.headers.get("retry-after") ?? undefined, Date.now());
    this.#failure = { status: answer.status, ...(askedMs === undefined ? {} : { retryAfterMs: askedMs }) };
    return { url, redirected: false, status: answer.status, headers: answer.headers, body: this.#watched(answer) };
  }

  #watched({ body }: FetchAnswer): FetchLikeResponse["body"] {
    return body === null ? null : { getReader: () => this.#watchedReader(body.getReader()) };
  }

  #watchedReader(reader: BodyReader): BodyReader {
    return {
      read: async () => {
        const next = await reader.read();
        if (!next.done && !this.#isOver) this.#received(next.value.byteLength);
        if (!this.#isOver) return next;
        // A closed source would read on for as long as there is something.
        await reader.cancel();
        return { done: true };
      },
      cancel: () => reader.cancel(),
    };
  }

  #received(bytes: number): void {
    this.#unframedBytes += bytes;
    if (this.#unframedBytes <= SNAPSHOT_BYTES_MAX) this.#events.bytes();
    else this.#fail({ message: `an event is longer than ${SNAPSHOT_BYTES_MAX} bytes` });
  }
}

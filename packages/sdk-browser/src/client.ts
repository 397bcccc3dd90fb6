import type {
  Branches,
  ClientEvents,
  ClientSignature,
  ClientState,
  ClientValues,
  EvaluationDetails,
  FlagKey,
  InitResult,
  JsonValue,
  Measurement,
  User,
} from "@rampart/core";
import { Emitter } from "@rampart/core";
import type { Reporter } from "./reporter.ts";
import { Seat } from "./seat.ts";
import type { Identity, Send } from "./sender.ts";
import { addressOf, createSender } from "./sender.ts";
import type { BrowserClient, BrowserStatus, ContextOptions, TrackDetails } from "./types.ts";

/** A page that nobody looks at for longer gives its connection back. */
export const HIDDEN_MAX_MS = 120_000;

/** No page waits longer for a flag server, unless it says so. */
const INIT_TIMEOUT_MS = 2_000;

const REFUSED = "refused: key, origin or signature";

/** What `createClient` takes. */
export interface BrowserClientOptions {
  /** Where the server is: `https://flags.example.com`. */
  readonly url: string;
  /** A client key of the environment. It is public: whoever has the page has it. */
  readonly clientKey: string;
  /** Whose values to ask for: an id, or an object with a `targetingKey` and attributes. */
  readonly context: User;
  /** Where the key demands it: proof of the context, made on the application's server. */
  readonly secure?: ClientSignature;
  /** Values to start from, that the application's server got for this context: the answer of `POST /client/v1/evaluate`. */
  readonly bootstrap?: ClientValues;
  /** Hidden for longer than this, milliseconds, the page closes its connection. Two minutes unless given. */
  readonly hiddenMaxMs?: number;
}

/** A client for one context. Starts nothing: call `init`. */
export function createClient(options: BrowserClientOptions): BrowserClient {
  return new PageClient(options);
}

class PageClient implements BrowserClient {
  readonly #options: BrowserClientOptions & Identity;
  readonly #send: Send;
  readonly #emitter = new Emitter();
  readonly #gone = new AbortController();
  readonly #waiting = new Set<() => void>();
  #seat: Seat;
  #told: ClientState = "idle";
  #reporter: Promise<Reporter> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BrowserClientOptions) {
    const { context, secure, bootstrap } = options;
    // Some fifty random bits: it tells clients apart, and is no secret.
    this.#options = { ...options, instanceId: Math.random().toString(36).slice(2) };
    this.#send = createSender(this.#options);
    this.#seat = this.#seatOf(context, secure);
    if (bootstrap !== undefined) this.#seat.values.take(bootstrap);
  }

  init({ timeoutMs = INIT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<InitResult> {
    if (this.#told === "idle") {
      this.#told = "connecting";
      this.#seat.begin();
      this.#listen();
    }
    return this.#wait(timeoutMs);
  }

  setContext(context: User, { secure, timeoutMs = INIT_TIMEOUT_MS }: ContextOptions = {}): Promise<InitResult> {
    const before = this.#seat;
    this.#seat = this.#seatOf(context, secure);
    // What was decided for one person says nothing about another.
    const isSame = idOf(before.context) === idOf(context);
    if (isSame) {
      this.#seat.values = before.values;
      this.#seat.contact = before.contact;
    }
    if (this.#isOpen()) {
      before.disconnect();
      this.#seat.begin();
      this.#tell();
      if (!isSame) this.#seat.changed(before.values.keys());
    }
    return this.#wait(timeoutMs);
  }

  isEnabled(flag: FlagKey, defaultValue = false): boolean {
    return this.evaluate(flag, defaultValue).value;
  }

  variation<T extends JsonValue>(flag: FlagKey, defaultValue: T): T {
    return this.evaluate(flag, defaultValue).value;
  }

  evaluate<T extends JsonValue>(flag: FlagKey, defaultValue: T): EvaluationDetails<T> {
    return this.#seat.evaluate(flag, defaultValue);
  }

  run<T>(flag: FlagKey, { on, off }: Branches<T>): T {
    const call = this.measure(flag);
    try {
      const result = (call.on ? on : off)();
      // On the side: the caller gets its own promise, and its own rejection.
      if (!(result instanceof Promise)) call.done();
      else {
        void result.then(
          () => call.done(),
          () => call.done({ failed: true }),
        );
      }
      return result;
    } catch (error) {
      call.done({ failed: true });
      throw error;
    }
  }

  measure(flag: FlagKey): Measurement {
    const details = this.evaluate<boolean>(flag, false);
    const startedMs = performance.now();
    return {
      on: details.value,
      done: (outcome) => {
        const ms = performance.now() - startedMs;
        this.#measure((reporter) => reporter.ran(details, ms, outcome));
      },
    };
  }

  track(metric: string, details: TrackDetails = {}): void {
    const { contact, values } = this.#seat;
    const flags = values.all()?.flags;
    const silenceMs = contact.silenceMs();
    this.#measure((reporter) => reporter.track(metric, details, flags, silenceMs));
  }

  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  status(): BrowserStatus {
    const { values, contact, via, revision } = this.#seat;
    return {
      state: this.#state(),
      epoch: values.at()?.epoch,
      revision,
      lastContactMs: contact.lastContactMs(),
      transport: via === "refused" ? "none" : via,
    };
  }

  async close(): Promise<void> {
    this.#flush();
    this.#gone.abort();
    clearTimeout(this.#hiddenTimer);
    this.#seat.disconnect();
    this.#told = "closed";
    this.#wake();
  }

  #seatOf(context: User, secure: ClientSignature | undefined): Seat {
    return new Seat({
      identity: this.#options,
      send: this.#send,
      context,
      secure,
      emitter: this.#emitter,
      onVia: () => this.#tell(),
    });
  }

  /** Resolves when the state is final for those who wait, else with what there is when the time is up. */
  async #wait(timeoutMs: number): Promise<InitResult> {
    const state = this.#state();
    if (state === "connecting" || state === "stale") {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        setTimeout(resolve, timeoutMs);
      });
      // The server had its time.
      this.#seat.useCache();
    }
    return this.#result();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #result(): InitResult {
    const state = this.#state();
    const { revision } = this.#seat;
    if (state === "ready") return { status: state, revision };
    const status = state === "stale" ? state : state === "connecting" ? "timeout" : "failed";
    return { status, revision, message: state === "failed" ? REFUSED : `the client is ${state}` };
  }

  #isOpen(): boolean {
    return this.#told !== "idle" && this.#told !== "closed";
  }

  #state(): ClientState {
    if (!this.#isOpen()) return this.#told;
    const { via, values } = this.#seat;
    if (via === "refused") return "failed";
    if (via !== "none") return "ready";
    return values.at() ? "stale" : "connecting";
  }

  /** Tells those who wait and those who listen when the state has changed. */
  #tell(): void {
    const before = this.#told;
    const state = this.#state();
    this.#told = state;
    if (state === before) return;
    const { revision } = this.#seat;
    if (state === "ready" || state === "failed") this.#wake();
    if (state === "ready") this.#emitter.emit(state, { revision });
    if (state === "failed") this.#emitter.emit("error", { code: "KEY_REFUSED", message: REFUSED });
    if (state === "stale" && before === "ready") this.#emitter.emit(state, { sinceMs: this.#seat.contact.silenceMs() });
  }

  /** Follows the page: hidden, gone, back, and the network with it. */
  #listen(): void {
    const { signal } = this.#gone;
    const leave = (): void => {
      this.#flush();
      this.#seat.disconnect();
    };
    const look = (): void => {
      clearTimeout(this.#hiddenTimer);
      if (document.hidden) {
        this.#flush();
        this.#hiddenTimer = setTimeout(leave, this.#options.hiddenMaxMs ?? HIDDEN_MAX_MS);
      } else {
        // A connection that waits for its next try need not wait any longer.
        if (this.#seat.via === "none") this.#seat.disconnect();
        this.#seat.connect();
      }
    };
    const on = (type: string, listener: () => void): void => addEventListener(type, listener, { signal });
    on("pagehide", leave);
    on("online", look);
    // It bubbles from the document, and comes also when the page is brought back from the browser's cache.
    on("visibilitychange", look);
  }

  /** Sends what was measured while there is still time. */
  #flush(): void {
    void this.#reporter?.then((reporter) => reporter.beacon());
  }

  #measure(count: (reporter: Reporter) => void): void {
    if (!this.#isOpen()) return;
    this.#reporter ??= import("./reporter.ts").then(({ createReporter }) =>
      createReporter(this.#options, this.#send, addressOf(this.#options.url, "events")),
    );
    // Without it the page goes on; only the measures are missing.
    this.#reporter.then(count, () => {});
  }
}

function idOf(user: User): unknown {
  return typeof user === "object" ? (user.targetingKey ?? user.id) : user;
}

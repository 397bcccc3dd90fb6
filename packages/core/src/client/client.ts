import type { EvaluationDetails } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { EvaluationCounts } from "../measure/evaluation-counts.ts";
import { Ruleset } from "../ruleset/ruleset.ts";
import { RUN_METRIC } from "../measure/units.ts";
import { parseSnapshot } from "../wire/parse.ts";
import type { Skipped } from "../wire/parsed.ts";
import { CACHE_MAX_AGE_MS, CacheKeeper } from "./cache-keeper.ts";
import type { Cached } from "./cache-text.ts";
import { fingerprintOf } from "./cache-text.ts";
import { ContactClock } from "./contact.ts";
import { Emitter } from "./emitter.ts";
import { Holdings } from "./holdings.ts";
import { InitWaiters } from "./init.ts";
import { holderOf } from "./intake.ts";
import { Measures } from "./measures.ts";
import type { ClientPorts } from "./ports.ts";
import { Reporter } from "./reporter.ts";
import type { Identity } from "./requests.ts";
import { Requests, identityProblem } from "./requests.ts";
import { Session } from "./session.ts";
import type {
  Branches,
  ClientEvents,
  ClientState,
  ClientStatus,
  FlagClient,
  FlagKey,
  InitResult,
  Measurement,
} from "./types.ts";

/** `close` returns after this time at the latest, whatever the server does. */
export const CLOSE_MAX_MS = 2_000;

/** A cache that takes longer to read is not waited for. */
export const CACHE_LOAD_MAX_MS = 1_000;

/** Of the items that could not be read, this many are named each time. */
const SKIPPED_NAMED_MAX = 10;

/** What a client is made from besides its ports. */
export interface ClientOptions extends Identity {
  /** Values to start from when there are no better ones: a snapshot, as `GET /sdk/v1/flags` gives it. */
  readonly bootstrap?: unknown;
  /** Older cached values are not used, milliseconds. Seven days unless given. */
  readonly cacheMaxAgeMs?: number;
}

/** A client on the ports of a platform. Starts nothing before `init`. */
export function createClientOnPorts(ports: ClientPorts, options: ClientOptions): FlagClient {
  return new PortsClient(ports, options);
}

class PortsClient implements FlagClient {
  readonly #ports: ClientPorts;
  readonly #options: Omit<ClientOptions, "bootstrap">;
  readonly #contact: ContactClock;
  readonly #ruleset: Ruleset;
  readonly #holdings: Holdings;
  readonly #emitter = new Emitter();
  readonly #measures: Measures;
  readonly #reporter: Reporter;
  readonly #keeper: CacheKeeper | undefined;
  readonly #session: Session;
  readonly #waiters: InitWaiters;
  /** Until it is taken: what comes of it is held in another form, and it can be as large again. */
  #bootstrap: unknown;
  #begun = false;
  #closing: Promise<void> | undefined;
  #told: ClientState = "idle";

  constructor(ports: ClientPorts, { bootstrap, ...options }: ClientOptions) {
    const requests = new Requests(options);
    this.#ports = ports;
    this.#options = options;
    this.#bootstrap = bootstrap;
    this.#contact = new ContactClock(ports);
    const counts = new EvaluationCounts(() => {
      if (this.#isOpen()) this.#reporter.touchPatiently();
    });
    this.#ruleset = new Ruleset({
      silenceMs: () => this.#contact.silenceMs(),
      counts,
      ...(ports.regex === undefined ? {} : { regex: ports.regex }),
    });
    this.#holdings = new Holdings(this.#ruleset);
    this.#waiters = new InitWaiters(ports);
    this.#measures = new Measures(() => ports.now(), counts);
    this.#keeper = this.#createKeeper();
    this.#session = new Session({
      ports,
      requests,
      instanceId: options.instanceId,
      holder: holderOf(this.#holdings),
      contact: this.#contact,
      onChange: (change) => {
        this.#keeper?.changed(change.urgent);
        this.#reporter.retime();
        this.#emitter.emit("change", change);
        const changed = new Set(change.flags);
        this.#reportSkipped(this.#ruleset.problems().filter(({ key }) => changed.has(key)));
      },
      onSkipped: (skipped) => this.#reportSkipped(skipped),
      onContact: () => this.#keeper?.contact(),
      onProblem: (problem) => this.#emitter.emit("error", problem),
      onStep: () => this.#tell(),
    });
    this.#reporter = new Reporter({
      measures: this.#measures,
      ports,
      instanceId: options.instanceId,
      reachable: () => this.#session.standing === "good",
      measured: () => this.#ruleset.measured.size > 0,
      post: (body) => ports.request(requests.report(body)).response,
    });
  }

  init({ timeoutMs = 2_000 }: { readonly timeoutMs?: number } = {}): Promise<InitResult> {
    if (!this.#begun && this.#closing === undefined) {
      this.#begun = true;
      void this.#begin();
    }
    return this.#waiters.wait(timeoutMs, () => this.#initResult());
  }

  isEnabled(flag: FlagKey, user: User, defaultValue = false): boolean {
    return this.#ruleset.isEnabled(flag, user, defaultValue);
  }

  variation<T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T): T {
    return this.#ruleset.evaluate(flag, user, defaultValue).value;
  }

  evaluate<T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T): EvaluationDetails<T> {
    return this.#ruleset.evaluate(flag, user, defaultValue);
  }

  run<T>(flag: FlagKey, user: User, branches: Branches<T>): T {
    const draw = this.#ruleset.drawAsked(flag, user);
    const branch = draw.isOn ? branches.on : branches.off;
    if (!draw.isInCohort || !this.#isOpen()) return branch();
    this.#reporter.touch();
    return this.#measures.run(flag, draw, branch);
  }

  measure(flag: FlagKey, user: User): Measurement {
    const draw = this.#ruleset.drawAsked(flag, user);
    const end = this.#measures.begin(flag, draw);
    return {
      on: draw.isOn,
      done: ({ failed = false } = {}) => {
        if (!draw.isInCohort || !this.#isOpen()) return;
        this.#reporter.touch();
        end(failed);
      },
    };
  }

  track(metric: string, user: User, { value, failed = false }: Parameters<FlagClient["track"]>[2] = {}): void {
    if (!this.#isOpen()) return;
    this.#reporter.touch();
    if (!this.#measures.track(metric, value ?? 1) || metric === RUN_METRIC) return;
    for (const flag of this.#ruleset.measured.get(metric) ?? [])
      this.#measures.ended(flag, metric, this.#ruleset.draw(flag, user), { failed, value });
  }

  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  status(): ClientStatus {
    return {
      state: this.#state(),
      epoch: this.#ruleset.epoch,
      revision: this.#ruleset.revision,
      lastContactMs: this.#contact.lastContactMs(),
      transport: this.#session.transport,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    const problem = identityProblem(this.#options);
    if (problem !== undefined) this.#emitter.emit("error", { code: "OPTIONS_INVALID", message: problem });
    await this.#restore();
    if (this.#closing !== undefined) return;
    // Flags that were asked for before count too, once there is somebody to tell.
    if (!this.#measures.isEmpty) this.#reporter.touchPatiently();
    if (problem === undefined) this.#session.start();
    else this.#waiters.fail({ status: "failed", revision: this.#ruleset.revision, message: problem });
    this.#tell();
  }

  /** Takes the cache, then the bootstrap where that is newer. */
  async #restore(): Promise<void> {
    const cached = await this.#loadCache();
    if (this.#closing !== undefined) return;
    if (
      cached !== undefined &&
      this.#holdings.restore(cached.snapshot, cached.leftEpochs) &&
      cached.contactAt !== undefined
    ) {
      this.#contact.inherit(cached.contactAt);
    }
    const bootstrap = this.#bootstrap;
    this.#bootstrap = undefined;
    if (bootstrap === undefined) return;
    const parsed = parseSnapshot(bootstrap);
    if (parsed.ok) this.#holdings.bootstrap(parsed.value, parsed.skipped);
    else
      this.#emitter.emit("error", {
        code: "BOOTSTRAP_INVALID",
        message: `bootstrap: ${parsed.reason}; give the body of GET /sdk/v1/flags`,
      });
  }

  #loadCache(): Promise<Cached | undefined> {
    const keeper = this.#keeper;
    if (keeper === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (cached?: Cached): void => {
        cancel();
        resolve(cached);
      };
      const cancel = this.#ports.setTimer(CACHE_LOAD_MAX_MS, settle, { keepAlive: true });
      void keeper.load().then(settle);
    });
  }

  #createKeeper(): CacheKeeper | undefined {
    const { cache } = this.#ports;
    if (cache === undefined) return undefined;
    return new CacheKeeper({
      cache,
      ports: this.#ports,
      fingerprint: fingerprintOf(this.#options.url, this.#options.sdkKey),
      maxAgeMs: this.#options.cacheMaxAgeMs ?? CACHE_MAX_AGE_MS,
      current: () => this.#cached(),
      onError: (problem) => this.#emitter.emit("error", problem),
    });
  }

  #cached(): Cached | undefined {
    if (this.#ruleset.epoch === undefined) return undefined;
    const savedAt = this.#ports.wallNow();
    const silenceMs = this.#contact.silenceMs();
    return {
      snapshot: this.#ruleset.snapshot(),
      leftEpochs: this.#holdings.leftEpochs,
      contactAt: silenceMs === Infinity ? undefined : savedAt - silenceMs,
      savedAt,
    };
  }

  #reportSkipped(skipped: readonly Skipped[]): void {
    const report = (message: string): void => this.#emitter.emit("error", { code: "FLAG_SKIPPED", message });
    for (const { key, reason } of skipped.slice(0, SKIPPED_NAMED_MAX)) report(`${key}: ${reason}`);
    const more = skipped.length - SKIPPED_NAMED_MAX;
    if (more > 0) report(`and ${more} more`);
  }

  #isOpen(): boolean {
    return this.#begun && this.#closing === undefined;
  }

  #state(): ClientState {
    if (this.#closing !== undefined) return "closed";
    if (!this.#begun) return "idle";
    if (this.#session.standing === "refused") return "failed";
    if (this.#session.isCurrent) return "ready";
    return this.#ruleset.epoch === undefined ? "connecting" : "stale";
  }

  /** Tells those who wait and those who listen when the state has changed. */
  #tell(): void {
    const state = this.#state();
    const before = this.#told;
    if (state === before) return;
    this.#told = state;
    const { revision } = this.#ruleset;
    if (state === "ready") {
      this.#waiters.settle({ status: "ready", revision });
      this.#emitter.emit("ready", { revision });
    } else if (state === "failed") {
      const message =
        "the server refused the key; values stay as they are. Is it a server key, of this server, not revoked or expired?";
      this.#waiters.settle({ status: "failed", revision, message });
      this.#emitter.emit("error", { code: "KEY_REFUSED", message });
    } else if (before === "ready" && state === "stale") {
      this.#emitter.emit("stale", { sinceMs: this.#contact.silenceMs() });
    }
  }

  /** What `init` answers when its time is up. */
  #initResult(): InitResult {
    const { revision, epoch } = this.#ruleset;
    const state = this.#state();
    if (state === "ready") return { status: "ready", revision };
    if (state === "closed" || state === "failed")
      return { status: "failed", revision, message: `the client is ${state}` };
    const message = `no answer from ${this.#options.url} yet; trying on`;
    return { status: epoch === undefined ? "timeout" : "stale", revision, message };
  }

  async #close(): Promise<void> {
    // The promise must be there before anything asks whether the client is closed.
    await Promise.resolve();
    const reported = this.#begun ? this.#reporter.close() : undefined;
    const goodbye = this.#session.close();
    const work = Promise.allSettled([reported, this.#keeper?.flush(), goodbye?.response]);
    this.#waiters.settle({ status: "failed", revision: this.#ruleset.revision, message: "the client was closed" });
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#ports.setTimer(CLOSE_MAX_MS, settle, { keepAlive: true });
      void work.then(settle);
    });
    goodbye?.abort();
  }
}

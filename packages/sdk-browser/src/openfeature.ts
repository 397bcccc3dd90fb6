/** The OpenFeature provider for web pages. */
import type {
  EvaluationContext,
  JsonValue,
  Provider,
  ResolutionDetails,
  TrackingEventDetails,
} from "@openfeature/web-sdk";
import { ErrorCode, OpenFeatureEventEmitter, ProviderEvents } from "@openfeature/web-sdk";
import type { ClientSignature, InitResult } from "@rampart/core";
import { ProviderLife, resolutionOf } from "@rampart/core";
import type { BrowserClient } from "./types.ts";

/** What the provider takes besides its client. */
export interface RampartProviderOptions {
  /** OpenFeature waits for values as long, at the start and after a change of context, milliseconds. 2,000 unless given. */
  readonly timeoutMs?: number;
  /** Where the key demands it: gets the proof of a context from the application's server. Asked for each new context. */
  readonly sign?: (context: EvaluationContext) => Promise<ClientSignature>;
}

/**
 * Lets OpenFeature ask a client of this SDK. The context is OpenFeature's, or the client's own as long as OpenFeature has none. The provider
 * starts the client and closes it.
 */
export class RampartProvider implements Provider {
  readonly metadata = { name: "rampart" } as const;
  readonly runsOn = "client";
  /** A client has one context, and so has a domain. */
  readonly domainScoped = true;
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter();
  readonly #client: BrowserClient;
  readonly #options: RampartProviderOptions;
  readonly #life: ProviderLife;

  constructor(client: BrowserClient, options: RampartProviderOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#life = new ProviderLife({
      client,
      emit: (event, details) => this.events.emit(ProviderEvents[event], details),
    });
  }

  initialize(context: EvaluationContext = {}): Promise<void> {
    return this.#life.settle(this.#begin(context));
  }

  onContextChange(_before: EvaluationContext, context: EvaluationContext): Promise<void> {
    return this.#life.settle(this.#setContext(context));
  }

  async onClose(): Promise<void> {
    this.#life.end();
    await this.#client.close();
  }

  resolveBooleanEvaluation(flag: string, value: boolean): ResolutionDetails<boolean> {
    return this.#resolve(flag, value);
  }

  resolveStringEvaluation(flag: string, value: string): ResolutionDetails<string> {
    return this.#resolve(flag, value);
  }

  resolveNumberEvaluation(flag: string, value: number): ResolutionDetails<number> {
    return this.#resolve(flag, value);
  }

  resolveObjectEvaluation<T extends JsonValue>(flag: string, value: T): ResolutionDetails<T> {
    return this.#resolve(flag, value);
  }

  /** `details.value` is what was measured. The user is the client's. */
  track(metric: string, _context: EvaluationContext, { value, failed }: TrackingEventDetails): void {
    this.#client.track(metric, { ...(value === undefined ? {} : { value }), failed: failed === true });
  }

  async #begin(context: EvaluationContext): Promise<InitResult> {
    // Of a client that was not started this asks nothing yet.
    if (Object.keys(context).length > 0) await this.#setContext(context);
    return this.#client.init(this.#options);
  }

  async #setContext(context: EvaluationContext): Promise<InitResult> {
    const { sign, timeoutMs } = this.#options;
    return this.#client.setContext(context, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(sign === undefined ? {} : { secure: await sign(context) }),
    });
  }

  #resolve<T extends JsonValue>(flag: string, value: T): ResolutionDetails<T> {
    return resolutionOf(this.#client.evaluate(flag, value), ErrorCode);
  }
}

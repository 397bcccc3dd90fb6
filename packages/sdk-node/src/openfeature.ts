/** The OpenFeature provider for Node. */
import type {
  EvaluationContext,
  JsonValue,
  Provider,
  ResolutionDetails,
  TrackingEventDetails,
} from "@openfeature/server-sdk";
import { ErrorCode, OpenFeatureEventEmitter, ProviderEvents } from "@openfeature/server-sdk";
import type { FlagClient } from "@rampart/core";
import { ProviderLife, resolutionOf } from "@rampart/core";

/** What the provider takes besides its client. */
export interface RampartProviderOptions {
  /** OpenFeature waits for values as long, milliseconds. 2,000 unless given. */
  readonly timeoutMs?: number;
}

/**
 * Lets OpenFeature ask a client of this SDK. The provider starts the client and closes it; until then it can be used beside OpenFeature,
 * for `run` say.
 */
export class RampartProvider implements Provider {
  readonly metadata = { name: "rampart" } as const;
  readonly runsOn = "server";
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter();
  readonly #client: FlagClient;
  readonly #options: RampartProviderOptions;
  readonly #life: ProviderLife;

  constructor(client: FlagClient, options: RampartProviderOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#life = new ProviderLife({
      client,
      emit: (event, details) => this.events.emit(ProviderEvents[event], details),
    });
  }

  initialize(): Promise<void> {
    return this.#life.settle(this.#client.init(this.#options));
  }

  async onClose(): Promise<void> {
    this.#life.end();
    await this.#client.close();
  }

  resolveBooleanEvaluation(
    flag: string,
    value: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(flag, value, context);
  }

  resolveStringEvaluation(flag: string, value: string, context: EvaluationContext): Promise<ResolutionDetails<string>> {
    return this.#resolve(flag, value, context);
  }

  resolveNumberEvaluation(flag: string, value: number, context: EvaluationContext): Promise<ResolutionDetails<number>> {
    return this.#resolve(flag, value, context);
  }

  resolveObjectEvaluation<T extends JsonValue>(
    flag: string,
    value: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#resolve(flag, value, context);
  }

  /** `details.value` is what was measured; `details.failed`, where true, says that it must not happen. */
  track(metric: string, context: EvaluationContext, { value, failed }: TrackingEventDetails): void {
    this.#client.track(metric, context, { ...(value === undefined ? {} : { value }), failed: failed === true });
  }

  async #resolve<T extends JsonValue>(
    flag: string,
    value: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return resolutionOf(this.#client.evaluate(flag, context, value), ErrorCode);
  }
}

/** Evaluations as OpenTelemetry events, so that a trace shows which flags decided over it. */
import type { Attributes } from "@opentelemetry/api";
import { trace } from "@opentelemetry/api";
import type { EvaluationDetails, FlagClient, FlagKey, JsonValue, User } from "@rampart/core";
import { contextOf } from "@rampart/core";

/** The event's name in the semantic conventions. */
export const EVALUATION_EVENT = "feature_flag.evaluation";

/** Where evaluations are recorded, and with how much of whom. */
export interface TelemetryOptions {
  /** Where to write the events as log records: a logger of `@opentelemetry/api-logs`. Unless given, they go to the span under way. */
  readonly logger?: { emit(record: { readonly eventName: string; readonly attributes: Attributes }): void };
  /** Says for whom, too: the targeting key as it is. False unless given, since many read traces, and for long. */
  readonly contextId?: boolean;
}

/** What is recorded of an evaluation, in OpenFeature's words. */
interface Evaluated {
  readonly value: unknown;
  readonly variant?: string;
  readonly reason?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly flagMetadata: { readonly [name: string]: string | number | boolean };
}

interface Asked {
  readonly flagKey: string;
  readonly context: { readonly targetingKey?: string };
  readonly providerMetadata: { readonly name: string };
}

/** An OpenFeature hook, without its package: `OpenFeature.addHooks(createTelemetryHook())` takes it, whatever the provider. */
export interface TelemetryHook {
  finally(asked: Asked, evaluated: Evaluated): void;
}

/** Records each evaluation of OpenFeature. Costs next to nothing where nobody listens. */
export function createTelemetryHook(options: TelemetryOptions = {}): TelemetryHook {
  return { finally: (asked, evaluated) => record(asked, evaluated, options) };
}

/** The same client, with each of its evaluations recorded. `run` and `measure` are evaluations, too. */
export function withTelemetry(client: FlagClient, options: TelemetryOptions = {}): FlagClient {
  const evaluate = <T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T): EvaluationDetails<T> => {
    const details = client.evaluate(flag, user, defaultValue);
    if (isHeard(options)) {
      const asked = { flagKey: flag, context: contextOf(user), providerMetadata: { name: "rampart" } };
      record(asked, { ...details, flagMetadata: { version: String(details.revision) } }, options);
    }
    return details;
  };
  return {
    init: (how) => client.init(how),
    isEnabled: (flag, user, defaultValue = false) => evaluate<boolean>(flag, user, defaultValue).value,
    variation: <T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T) =>
      evaluate(flag, user, defaultValue).value,
    evaluate,
    run: (flag, user, branches) => {
      evaluate(flag, user, false);
      return client.run(flag, user, branches);
    },
    measure: (flag, user) => {
      evaluate(flag, user, false);
      return client.measure(flag, user);
    },
    track: (metric, user, details) => client.track(metric, user, details),
    on: (event, listener) => client.on(event, listener),
    status: () => client.status(),
    close: () => client.close(),
  };
}

function isHeard({ logger }: TelemetryOptions): boolean {
  return logger !== undefined || trace.getActiveSpan()?.isRecording() === true;
}

function record(asked: Asked, evaluated: Evaluated, options: TelemetryOptions): void {
  if (!isHeard(options)) return;
  const attributes = attributesOf(asked, evaluated, options.contextId === true);
  if (options.logger === undefined) trace.getActiveSpan()?.addEvent(EVALUATION_EVENT, attributes);
  else options.logger.emit({ eventName: EVALUATION_EVENT, attributes });
}

function attributesOf(asked: Asked, evaluated: Evaluated, withContextId: boolean): Attributes {
  const { value, variant, reason = "UNKNOWN", errorCode, errorMessage, flagMetadata } = evaluated;
  const { targetingKey } = asked.context;
  return {
    "feature_flag.key": asked.flagKey,
    "feature_flag.provider.name": asked.providerMetadata.name,
    "feature_flag.result.reason": reason.toLowerCase(),
    // A variant says it all; without one there is only the value.
    ...(variant === undefined
      ? { "feature_flag.result.value": shown(value) }
      : { "feature_flag.result.variant": variant }),
    ...(flagMetadata["version"] === undefined ? {} : { "feature_flag.version": String(flagMetadata["version"]) }),
    ...(withContextId && targetingKey !== undefined ? { "feature_flag.context.id": targetingKey } : {}),
    ...(errorCode === undefined ? {} : { "error.type": errorCode.toLowerCase() }),
    ...(errorMessage === undefined ? {} : { "feature_flag.error.message": errorMessage }),
  };
}

/** Attributes of spans can't be objects. */
function shown(value: unknown): string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : JSON.stringify(value);
}

import { isUser } from "../context/context.ts";
import { TARGETING_KEY } from "../model/defaults.ts";
import type { ErrorCode, EvaluationDetails } from "../model/evaluation.ts";
import type { FlagType } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { show } from "../model/show.ts";
import { decide, KEY_MISSING, type World } from "./decide.ts";
import type { CompiledFlag } from "./flag.ts";
import type { Trace } from "./trace.ts";

/** What is asked: a flag for a user, and the value that the caller wants where there is none. */
export interface Question<T extends JsonValue> {
  readonly flagKey: string;
  readonly user: unknown;
  readonly defaultValue: T;
}

/** What the flag is of, for messages and details. */
export interface Place {
  readonly environment: string;
  readonly revision: number;
}

/** Evaluates a flag with reason, variant and error. Never throws, whatever it is given. */
export function evaluateFlag<T extends JsonValue>(
  flag: CompiledFlag,
  question: Question<T>,
  world: World,
  place: Place,
  trace: Trace,
): EvaluationDetails<T> {
  const mismatch = typeMismatch(flag.variants.type, question.defaultValue);
  if (mismatch !== undefined) return failed(question, place, "TYPE_MISMATCH", `flag ${show(flag.key)} ${mismatch}`);
  try {
    const variant = decide(flag, question.user, world, trace);
    return variant === KEY_MISSING ? keyMissing(flag, question, place) : served(flag, variant, place, trace);
  } catch (error) {
    return failed(question, place, "GENERAL", `the user could not be read: ${messageOf(error)}`);
  }
}

/** The caller's default, with the reason that there is nothing else. */
export function failed<T extends JsonValue>(
  question: Question<T>,
  place: Place,
  errorCode: ErrorCode,
  errorMessage: string,
): EvaluationDetails<T> {
  const flagKey = typeof question.flagKey === "string" ? question.flagKey : show(question.flagKey);
  return { flagKey, value: question.defaultValue, reason: "ERROR", errorCode, errorMessage, revision: place.revision };
}

function served<T extends JsonValue>(
  flag: CompiledFlag,
  variant: number,
  place: Place,
  trace: Trace,
): EvaluationDetails<T> {
  return {
    flagKey: flag.key,
    // The flag's type was compared with the default's.
    value: flag.variants.values[variant] as T,
    variant: flag.variants.names[variant] ?? "",
    reason: trace.reason,
    revision: place.revision,
    ...(trace.ruleId === undefined ? {} : { ruleId: trace.ruleId }),
    ...(trace.bucket === undefined ? {} : { bucket: trace.bucket }),
  };
}

function keyMissing<T extends JsonValue>(
  flag: CompiledFlag,
  question: Question<T>,
  place: Place,
): EvaluationDetails<T> {
  const { user } = question;
  if (!isUser(user)) {
    return failed(
      question,
      place,
      "INVALID_CONTEXT",
      `${show(user)} is not a user: pass an id, or an object with a targetingKey`,
    );
  }
  const attribute = flag.targeting.bucketBy?.name ?? TARGETING_KEY;
  const needed = `flag ${show(flag.key)} is served to a share of users, told apart by ${show(attribute)}, which this user has not`;
  const advice =
    attribute === TARGETING_KEY ? "pass an id, or an object with a targetingKey" : "pass it as a text or a number";
  return failed(question, place, "TARGETING_KEY_MISSING", `${needed}: ${advice}`);
}

/** Undefined and null ask for no type: the caller has no default. */
function typeMismatch(type: FlagType, defaultValue: unknown): string | undefined {
  if (defaultValue === undefined || defaultValue === null) return undefined;
  const wanted = type === "json" ? "object" : type;
  return typeof defaultValue === wanted
    ? undefined
    : `is a ${type} flag, and the default ${show(defaultValue)} is none`;
}

/** What was thrown came from the application, and can be anything. */
function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === "string" ? message : show(message);
  } catch {
    return "it threw something that can't be shown";
  }
}

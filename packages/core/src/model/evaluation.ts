import type { JsonValue } from "./json.ts";

/** OpenFeature's resolution reasons. */
export type Reason =
  | "STATIC"
  | "DEFAULT"
  | "TARGETING_MATCH"
  | "SPLIT"
  | "CACHED"
  | "DISABLED"
  | "UNKNOWN"
  | "STALE"
  | "ERROR";

/** OpenFeature's error codes. */
export type ErrorCode =
  | "PROVIDER_NOT_READY"
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "PROVIDER_FATAL"
  | "GENERAL";

/** How a flag came to its value for one user. */
export interface EvaluationDetails<T extends JsonValue = JsonValue> {
  readonly flagKey: string;
  readonly value: T;
  /** Missing when the caller's default was given. */
  readonly variant?: string;
  readonly reason: Reason;
  readonly errorCode?: ErrorCode;
  readonly errorMessage?: string;
  /** The environment's revision that was evaluated; 0 before the first. */
  readonly revision: number;
  /** The rule that decided, by its id, when one did. */
  readonly ruleId?: string;
  /** 0…99,999, when a percentage or a split decided. */
  readonly bucket?: number;
}

import type { JsonValue, Problem } from "@rampart/core";
import { nearest } from "./nearest.ts";

/** Why a request was refused. Stable: they are in the API, in scripts and in the documentation. */
export type RefusalCode =
  | "FLAG_NOT_FOUND"
  | "FLAG_EXISTS"
  | "FLAG_DELETED"
  | "FLAG_DISABLED"
  | "SEGMENT_NOT_FOUND"
  | "SEGMENT_EXISTS"
  | "SEGMENT_DELETED"
  | "ENVIRONMENT_NOT_FOUND"
  | "TOKEN_NOT_FOUND"
  | "INVALID_PERCENTAGE"
  | "INVALID_BODY"
  | "REVISION_CONFLICT"
  | "PREREQUISITE_CYCLE"
  | "IN_USE"
  | "FLAG_MANAGED"
  | "FLAG_EXPOSED"
  | "PLAN_NOT_FOUND"
  | "PLAN_INVALID"
  | "PLAN_MISMATCH"
  | "SCENARIO_INVALID"
  | "ROLLOUT_NOT_FOUND"
  | "ROLLOUT_BUSY"
  | "NOT_BOOLEAN";

/** One field that is wrong, by JSON pointer into the body. */
export type FieldError = NonNullable<Problem["errors"]>[number];

/** One field in which the caller's and the stored value differ, by JSON pointer. */
export type Difference = NonNullable<Problem["differences"]>[number];

/** An expected failure, as a value. The edges add what their protocol needs (HTTP: a status, a title). */
export interface Refusal {
  readonly code: RefusalCode;
  /** What failed, with which value. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly errors?: readonly FieldError[];
  readonly suggestions?: readonly string[];
  readonly current?: JsonValue;
  readonly differences?: readonly Difference[];
}

/** A flag that isn't there, with the nearest of the keys that are. */
export function flagNotFound(key: string, known: Iterable<string>): Refusal {
  return notFound({
    code: "FLAG_NOT_FOUND",
    what: "flag",
    name: key,
    known,
    otherwise: "List the flags with GET /api/v1/flags, or create this one with POST /api/v1/flags.",
  });
}

/** A segment that isn't there, with the nearest of the keys that are. */
export function segmentNotFound(key: string, known: Iterable<string>): Refusal {
  return notFound({
    code: "SEGMENT_NOT_FOUND",
    what: "segment",
    name: key,
    known,
    otherwise: "List the segments with GET /api/v1/segments.",
  });
}

/** A plan that isn't there, with the nearest of the names that are. */
export function planNotFound(name: string, known: Iterable<string>): Refusal {
  return notFound({
    code: "PLAN_NOT_FOUND",
    what: "plan",
    name,
    known,
    otherwise: "List the plans with GET /api/v1/plans, or store this one with POST /api/v1/plans.",
  });
}

/** A rollout id that isn't there. */
export function rolloutNotFound(id: string): Refusal {
  return {
    code: "ROLLOUT_NOT_FOUND",
    detail: `There is no rollout ${quoted(id)}.`,
    hint: "List the rollouts with GET /api/v1/rollouts.",
  };
}

/** A flag that another rollout ramps. */
export function rolloutBusy(flag: string, environment: string, other: string): Refusal {
  return {
    code: "ROLLOUT_BUSY",
    detail: `The rollout ${other} ramps the flag ${quoted(flag)} in ${environment}, and there can be one at a time.`,
    hint: `See where it is: GET /api/v1/rollouts/${other}. Cancel it or roll it back, or wait for its end.`,
  };
}

/** A flag that a rollout ramps: people's hands off, except to stop it. */
export function flagManaged(key: string, rolloutId: string): Refusal {
  return {
    code: "FLAG_MANAGED",
    detail: `The flag ${quoted(key)} is ramped by the rollout ${rolloutId}.`,
    hint: `Pause, promote, roll back or cancel that rollout: rampart rollout status ${rolloutId}. Killing the flag always works and ends the rollout.`,
  };
}

/** An environment that isn't there. There are so few that all are named. */
export function environmentNotFound(key: string, known: readonly string[]): Refusal {
  const suggestions = nearest(key, known);
  return {
    code: "ENVIRONMENT_NOT_FOUND",
    detail: `There is no environment ${quoted(key)}.`,
    hint: `The environments are ${known.join(", ")}.`,
    ...(suggestions.length > 0 ? { suggestions } : {}),
  };
}

/** A token id that isn't there. */
export function tokenNotFound(id: string): Refusal {
  return {
    code: "TOKEN_NOT_FOUND",
    detail: `There is no token with the id ${quoted(id)}.`,
    hint: "List the tokens with GET /api/v1/tokens.",
  };
}

/** A key that something of its kind already has. */
export function alreadyExists(what: "flag" | "segment", key: string): Refusal {
  return {
    code: what === "flag" ? "FLAG_EXISTS" : "SEGMENT_EXISTS",
    detail: `There already is a ${what} ${quoted(key)}.`,
    hint: `Change it with PATCH /api/v1/${what}s/${key}, or choose another key.`,
  };
}

/** A key of something that was deleted. `deletedAt`: epoch milliseconds. */
export function wasDeleted(what: "flag" | "segment", key: string, deletedAt: number): Refusal {
  return {
    code: what === "flag" ? "FLAG_DELETED" : "SEGMENT_DELETED",
    detail: `The ${what} ${quoted(key)} was deleted at ${new Date(deletedAt).toISOString()}, and its key is kept back: programs that still ask for it would get the new one's values.`,
    hint: `Choose another key, or create it with "reuse": true when nothing asks for the old ${what} any more.`,
  };
}

/** More wrong fields than this nobody reads, and looking for the name that each was meant to have takes time. */
export const FIELD_ERRORS_MAX = 20;

/** A text as it is shown in messages: quoted, control characters escaped, and cut at 80 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function notFound(missing: {
  readonly code: RefusalCode;
  readonly what: string;
  readonly name: string;
  readonly known: Iterable<string>;
  readonly otherwise: string;
}): Refusal {
  const suggestions = nearest(missing.name, missing.known);
  const detail = `There is no ${missing.what} ${quoted(missing.name)}.`;
  if (suggestions.length === 0) return { code: missing.code, detail, hint: missing.otherwise };
  return {
    code: missing.code,
    detail,
    hint: `Did you mean ${suggestions.map(quoted).join(" or ")}? ${missing.otherwise}`,
    suggestions,
  };
}

import type { FlagConfig, FlagDefinition, JsonObject, JsonValue, Segment, WireSegment } from "@rampart/core";
import { wireFlagOf } from "@rampart/core";
import { instantOf } from "../domain/instant.ts";
import type { AuditDraft } from "../domain/audit.ts";
import type { AuditQuery, ChangeMeta, ServedFlag, TokenRecord } from "../ports/store.ts";
import { AUDIT_PAGE_MAX } from "./limits.ts";

/** What the change log tells of. */
export type ItemKind = "flag" | "segment";

/** One thing that changes at a revision. */
export interface Item {
  readonly kind: ItemKind;
  readonly key: string;
}

/** What an act adds to the audit besides who, what and when. */
export type Subject = Pick<AuditDraft, "target" | "environment" | "revision" | "revisions" | "before" | "after">;

/** The audit's line of an act, ready to be sealed. */
export function auditDraft(seq: number, meta: ChangeMeta, subject: Subject): AuditDraft {
  return {
    seq,
    at: instantOf(meta.at),
    actor: meta.actor,
    action: meta.action,
    ...(meta.reason === undefined ? {} : { reason: wellFormed(meta.reason) }),
    ...(meta.traceId === undefined ? {} : { traceId: meta.traceId }),
    ...subject,
  };
}

/** Half of a surrogate pair has no canonical JSON. People's words must not be able to stop a kill. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, "\ufffd");

/**
 * The top-level fields in which two values differ, as each of them has it: a change of one percentage doesn't copy ten thousand
 * targets into the audit.
 */
export function changedFields(
  before: object,
  after: object,
): { readonly before: JsonObject; readonly after: JsonObject } {
  const old: [string, JsonValue][] = [];
  const now: [string, JsonValue][] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = fieldOf(before, name);
    const is = fieldOf(after, name);
    // A decision takes over most fields as they are, so that few are ever written out to be compared.
    if (was === is || JSON.stringify(was) === JSON.stringify(is)) continue;
    if (was !== undefined) old.push([name, was]);
    if (is !== undefined) now.push([name, is]);
  }
  return { before: Object.fromEntries(old), after: Object.fromEntries(now) };
}

/** Models hold JSON only, and fields that can be missing. */
const fieldOf = (model: object, name: string): JsonValue | undefined =>
  (model as { readonly [name: string]: JsonValue | undefined })[name];

/** Models hold JSON only; their interfaces just don't say so. */
export function asJson(value: object): JsonValue {
  return value as unknown as JsonValue;
}

/** What the audit shows of a new token: nothing by which it could be used or looked up. */
export function auditedToken(token: TokenRecord): JsonValue {
  const { kind, name, environments, roles, prefix, expiresAt, browsers } = token;
  return {
    kind,
    name,
    environments,
    roles,
    prefix,
    ...(expiresAt === undefined ? {} : { expiresAt: instantOf(expiresAt) }),
    ...(browsers === undefined ? {} : { origins: browsers.origins, secure: browsers.secret !== undefined }),
  };
}

/** A flag as feeds get it. */
export function servedFlag(definition: FlagDefinition, config: FlagConfig, revision: number): ServedFlag {
  return { ...wireFlagOf(definition, config, revision), clientVisible: config.clientVisible };
}

/** A segment as SDKs get it. */
export function wireSegment(segment: Segment, revision: number): WireSegment {
  const { description: _, ...rest } = segment;
  return { ...rest, revision };
}

/** A decision may change everything of a flag or segment but its key. Throws: a decision that does is a bug. */
export function sameKey<T extends { readonly key: string }>(key: string, next: T): T {
  if (next.key !== key)
    throw new Error(`a decision about ${JSON.stringify(key)} gave ${JSON.stringify(next.key)}: keys never change`);
  return next;
}

/** The query's limit within 1…1000. */
export function auditLimit(query: AuditQuery): number {
  return Math.min(Math.max(Math.trunc(query.limit), 1), AUDIT_PAGE_MAX);
}

/** Stands for all environments in the column that the audit is searched by. */
export const EVERYWHERE = "*";

/** What an entry of the audit is found by when somebody asks for an environment. */
export const searchedEnvironment = ({
  revisions,
  environment,
}: Pick<Subject, "revisions" | "environment">): string | null =>
  revisions === undefined ? (environment ?? null) : EVERYWHERE;

/** What the audit calls an item: `flag/checkout`. */
export const targetOf = ({ kind, key }: Item): string => `${kind}/${key}`;

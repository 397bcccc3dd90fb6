import type { AuditEntry, FlagConfig, FlagDefinition, JsonValue, Segment } from "@rampart/core";
import { verifyChain } from "../domain/audit.ts";
import { differencesOf, isObject } from "../domain/difference.ts";
import type { EnvironmentRecord, Store } from "../ports/store.ts";
import { AUDIT_PAGE_MAX, CHANGE_LOG_REVISIONS_MAX } from "./limits.ts";

/**
 * Everything that must hold of a store whatever happened to it: the audit's chain is whole, revisions have no gap, every record's revision has
 * its line in the change log and in the audit, and replaying the audit gives what is stored. Each violation is a sentence; none: [].
 * Nothing may write meanwhile.
 */
export async function violations(store: Store): Promise<readonly string[]> {
  const entries = await auditOf(store);
  const chain = verifyChain(entries);
  const found = chain.kind === "broken" ? [`the audit is broken at ${chain.seq}: ${chain.why}`] : [];
  for (const environment of await store.environments()) {
    found.push(...revisionGaps(environment, entries), ...(await changeLogGaps(store, environment)));
  }
  found.push(...(await strayRecords(store, entries)), ...(await replayDifferences(store, entries)));
  return found;
}

/** The whole audit, oldest first. */
export async function auditOf(store: Store): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (;;) {
    const page = await store.audit({ after: entries.at(-1)?.seq ?? 0, limit: AUDIT_PAGE_MAX });
    entries.push(...page);
    if (page.length < AUDIT_PAGE_MAX) return entries;
  }
}

function revisionOf(entry: AuditEntry, environment: string): number | undefined {
  return entry.environment === environment ? entry.revision : entry.revisions?.[environment];
}

/** The audit has made the revisions 1, 2, 3 … up to the environment's, each of them once. */
function revisionGaps({ key, revision }: EnvironmentRecord, entries: readonly AuditEntry[]): readonly string[] {
  const made = entries.flatMap((entry) => revisionOf(entry, key) ?? []);
  const wrong = made.findIndex((one, index) => one !== index + 1);
  if (wrong !== -1) return [`${key}: the audit makes revision ${made[wrong]} where ${wrong + 1} is due`];
  return made.length === revision ? [] : [`${key} is at revision ${revision}, the audit at ${made.length}`];
}

/** The change log answers from as far back as it must. */
async function changeLogGaps(store: Store, { key, revision }: EnvironmentRecord): Promise<readonly string[]> {
  const from = Math.max(0, revision - CHANGE_LOG_REVISIONS_MAX);
  const changes = await store.changesSince(key, from);
  return changes === undefined ? [`${key}: the change log has a gap between ${from} and ${revision}`] : [];
}

/** Each record's revision is that of the last audit entry about it, and the change log knows the same. */
async function strayRecords(store: Store, entries: readonly AuditEntry[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { key: environment, revision } of await store.environments()) {
    const last = new Map<string, number>();
    for (const entry of entries) last.set(entry.target, revisionOf(entry, environment) ?? last.get(entry.target) ?? 0);
    const content = await store.content(environment);
    if (content === undefined) return [`${environment} has no content`];
    const items = [
      ...content.flags.map((flag) => ({ target: `flag/${flag.key}`, revision: flag.revision })),
      ...content.segments.map((segment) => ({ target: `segment/${segment.key}`, revision: segment.revision })),
    ];
    const oldest = Math.max(0, revision - CHANGE_LOG_REVISIONS_MAX);
    const changes = await store.changesSince(environment, oldest);
    const logged = new Set([
      ...(changes?.flags ?? []).map((flag) => `flag/${flag.key}`),
      ...(changes?.segments ?? []).map((one) => `segment/${one.key}`),
    ]);
    for (const item of items) {
      if (last.get(item.target) !== item.revision)
        found.push(
          `${item.target} in ${environment} is at revision ${item.revision}, its last audit entry at ${last.get(item.target)}`,
        );
      if (item.revision > oldest && !logged.has(item.target))
        found.push(
          `${item.target} in ${environment} changed at ${item.revision}, and the change log has no line of it`,
        );
    }
  }
  return found;
}

/** What the audit tells, told again from the beginning. */
interface Replayed {
  readonly definitions: Map<string, JsonValue>;
  readonly configs: Map<string, JsonValue>;
  readonly segments: Map<string, JsonValue>;
}

async function replayDifferences(store: Store, entries: readonly AuditEntry[]): Promise<readonly string[]> {
  const replayed: Replayed = { definitions: new Map(), configs: new Map(), segments: new Map() };
  for (const entry of entries) replay(entry, replayed);
  const stored: Replayed = {
    definitions: new Map((await store.flags()).map(({ definition }) => [definition.key, json(definition)])),
    configs: new Map((await store.configs()).map((one) => [`${one.environment}/${one.key}`, json(one.config)])),
    segments: new Map((await store.segments()).map(({ segment }) => [segment.key, json(segment)])),
  };
  return (["definitions", "configs", "segments"] as const).flatMap((what) =>
    differencesOf(Object.fromEntries(replayed[what]), Object.fromEntries(stored[what])).map(
      (one) =>
        `${what}${one.pointer}: the audit gives ${JSON.stringify(one.yours)}, the store has ${JSON.stringify(one.current)}`,
    ),
  );
}

function replay(entry: AuditEntry, { definitions, configs, segments }: Replayed): void {
  const [kind, key] = split(entry.target);
  if (kind === "segment") return apply(segments, key, entry.before, entry.after);
  if (kind !== "flag") return;
  if (entry.environment !== undefined) return apply(configs, `${entry.environment}/${key}`, entry.before, entry.after);
  const before = whole(entry.before);
  const after = whole(entry.after);
  if (before === undefined && after === undefined) return apply(definitions, key, entry.before, entry.after);
  // Made or deleted: the definition and the configurations come and go together.
  apply(definitions, key, before?.definition, after?.definition);
  for (const environment of Object.keys({ ...before?.configs, ...after?.configs })) {
    apply(configs, `${environment}/${key}`, before?.configs[environment], after?.configs[environment]);
  }
}

/** Only one side: it came or went. Both: the fields that changed. */
function apply(
  items: Map<string, JsonValue>,
  key: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): void {
  if (before === undefined && after === undefined) return;
  if (after === undefined) return void items.delete(key);
  if (before === undefined) return void items.set(key, after);
  const current = items.get(key);
  if (!isObject(current) || !isObject(before) || !isObject(after)) return;
  const kept = Object.entries(current).filter(([field]) => !Object.hasOwn(before, field));
  items.set(key, Object.fromEntries([...kept, ...Object.entries(after)]));
}

function whole(
  value: JsonValue | undefined,
): { readonly definition: JsonValue; readonly configs: { readonly [environment: string]: JsonValue } } | undefined {
  if (!isObject(value) || value["definition"] === undefined || !isObject(value["configs"])) return undefined;
  return { definition: value["definition"], configs: value["configs"] };
}

function split(target: string): readonly [kind: string, key: string] {
  const slash = target.indexOf("/");
  return [target.slice(0, slash), target.slice(slash + 1)];
}

const json = (value: FlagDefinition | FlagConfig | Segment): JsonValue => value as unknown as JsonValue;

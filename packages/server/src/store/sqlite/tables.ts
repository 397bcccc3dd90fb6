import type { EnvironmentChanges, EnvironmentContent } from "../../ports/store.ts";
import { AuditRows } from "./audit-rows.ts";
import { ConfigRows } from "./config-rows.ts";
import { EnvironmentRows } from "./environment-rows.ts";
import { FlagRows } from "./flag-rows.ts";
import { RolloutRows } from "./rollout-rows.ts";
import { SegmentRows } from "./segment-rows.ts";
import type { Session } from "./session.ts";
import { TokenRows } from "./token-rows.ts";
import { TombstoneRows } from "./tombstone-rows.ts";

/** All tables of one connection. */
export interface Tables {
  readonly environments: EnvironmentRows;
  readonly flags: FlagRows;
  readonly configs: ConfigRows;
  readonly segments: SegmentRows;
  readonly tombstones: TombstoneRows;
  readonly tokens: TokenRows;
  readonly audit: AuditRows;
  readonly rollouts: RolloutRows;
}

/** Prepares the statements of every table. */
export function openTables(session: Session): Tables {
  return {
    environments: new EnvironmentRows(session),
    flags: new FlagRows(session),
    configs: new ConfigRows(session),
    segments: new SegmentRows(session),
    tombstones: new TombstoneRows(session),
    tokens: new TokenRows(session),
    audit: new AuditRows(session),
    rollouts: new RolloutRows(session),
  };
}

/** Everything of one environment. Call it within one transaction. */
export function readContent(tables: Tables, key: string): EnvironmentContent | undefined {
  const environment = tables.environments.get(key);
  if (environment === undefined) return undefined;
  return { ...environment, flags: tables.configs.wireAll(key), segments: tables.segments.wireAll(key) };
}

/** What changed after `from`; undefined when the log doesn't say. Call it within one transaction. */
export function readChanges(tables: Tables, key: string, from: number): EnvironmentChanges | undefined {
  const environment = tables.environments.get(key);
  if (environment === undefined || from > environment.revision) return undefined;
  const items = from === environment.revision ? [] : tables.environments.changedSince(key, from);
  const lines = items.reduce((sum, item) => sum + item.lines, 0);
  // A line for each revision, or else the log no longer goes back that far.
  if (lines !== environment.revision - from) return undefined;
  const flags = items
    .filter((item) => item.kind === "flag")
    .map((item) => ({ key: item.key, now: tables.configs.wire(key, item.key) }));
  const segments = items
    .filter((item) => item.kind === "segment")
    .map((item) => ({ key: item.key, now: tables.segments.wire(key, item.key) }));
  return {
    ...environment,
    from,
    flags: flags.flatMap(({ now }) => now ?? []),
    segments: segments.flatMap(({ now }) => now ?? []),
    removedFlags: flags.filter(({ now }) => now === undefined).map((flag) => flag.key),
    removedSegments: segments.filter(({ now }) => now === undefined).map((segment) => segment.key),
    urgent: items.some((item) => item.urgent === 1),
    committedAt: lines === 0 ? 0 : tables.environments.committedAt(key, environment.revision),
  };
}

import type { EnvironmentChanges, EnvironmentContent, EnvironmentRecord } from "../../ports/store.ts";
import { AuditRows } from "./audit-rows.ts";
import { ChannelRows } from "./channel-rows.ts";
import { ConfigRows } from "./config-rows.ts";
import { EnvironmentRows } from "./environment-rows.ts";
import { FlagRows } from "./flag-rows.ts";
import { LeaseRows } from "./lease-rows.ts";
import { OutboxRows } from "./outbox-rows.ts";
import { PlanRows } from "./plan-rows.ts";
import { RolloutRows } from "./rollout-rows.ts";
import { SegmentRows } from "./segment-rows.ts";
import type { Session } from "./session.ts";
import { TokenRows } from "./token-rows.ts";
import { TombstoneRows } from "./tombstone-rows.ts";

/** All tables, as one transaction or connection sees them. */
export class Tables {
  readonly environments: EnvironmentRows;
  readonly flags: FlagRows;
  readonly configs: ConfigRows;
  readonly segments: SegmentRows;
  readonly tombstones: TombstoneRows;
  readonly tokens: TokenRows;
  readonly audit: AuditRows;
  readonly rollouts: RolloutRows;
  readonly plans: PlanRows;
  readonly outbox: OutboxRows;
  readonly channels: ChannelRows;
  readonly leases: LeaseRows;

  constructor(session: Session) {
    this.environments = new EnvironmentRows(session);
    this.flags = new FlagRows(session);
    this.configs = new ConfigRows(session);
    this.segments = new SegmentRows(session);
    this.tombstones = new TombstoneRows(session);
    this.tokens = new TokenRows(session);
    this.audit = new AuditRows(session);
    this.rollouts = new RolloutRows(session);
    this.plans = new PlanRows(session);
    this.outbox = new OutboxRows(session);
    this.channels = new ChannelRows(session);
    this.leases = new LeaseRows(session);
  }
}

/** Everything of one environment. Call it within one snapshot. */
export async function readContent(tables: Tables, key: string): Promise<EnvironmentContent | undefined> {
  const environment = await tables.environments.get(key);
  if (environment === undefined) return undefined;
  return { ...environment, flags: await tables.configs.wire(key), segments: await tables.segments.wire(key) };
}

/** The answer to one who is at the present. */
export const nothingChanged = (environment: EnvironmentRecord): EnvironmentChanges => ({
  ...environment,
  from: environment.revision,
  flags: [],
  segments: [],
  removedFlags: [],
  removedSegments: [],
  urgent: false,
  committedAt: 0,
});

/** What changed after `from`; undefined when the log doesn't say. Call it within one snapshot. */
export async function readChanges(tables: Tables, key: string, from: number): Promise<EnvironmentChanges | undefined> {
  const environment = await tables.environments.get(key);
  if (environment === undefined || from > environment.revision) return undefined;
  if (from === environment.revision) return nothingChanged(environment);
  const items = await tables.environments.changedSince(key, from);
  const lines = items.reduce((sum, item) => sum + item.lines, 0);
  // A line for each revision, or else the log no longer goes back that far.
  if (lines !== environment.revision - from) return undefined;
  const keysOf = (kind: "flag" | "segment"): readonly string[] =>
    items.filter((item) => item.kind === kind).map((item) => item.key);
  const flags = await tables.configs.wire(key, keysOf("flag"));
  const segments = await tables.segments.wire(key, keysOf("segment"));
  return {
    ...environment,
    from,
    flags,
    segments,
    removedFlags: without(keysOf("flag"), flags),
    removedSegments: without(keysOf("segment"), segments),
    urgent: items.some((item) => item.urgent),
    committedAt: await tables.environments.committedAt(key, environment.revision),
  };
}

/** What there is nothing of any more. */
function without(keys: readonly string[], present: readonly { readonly key: string }[]): readonly string[] {
  const there = new Set(present.map(({ key }) => key));
  return keys.filter((key) => !there.has(key));
}

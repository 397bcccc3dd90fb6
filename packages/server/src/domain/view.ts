import type { FlagConfigView, FlagStateView, FlagView, RampView, SegmentView, TokenView } from "@rampart/core";
import type { ConfigRecord, EpochMs, FlagRecord, SegmentRecord, TokenRecord } from "./records.ts";
import { instantOf } from "./instant.ts";
import { percentageOf } from "./ramp.ts";

/** A flag with a line for each environment. `configs` may hold other flags' configurations too. */
export function flagView(record: FlagRecord, configs: Iterable<ConfigRecord>): FlagView {
  const own = [...configs].filter((config) => config.key === record.definition.key);
  return {
    ...record.definition,
    createdAt: instantOf(record.createdAt),
    updatedAt: instantOf(record.updatedAt),
    environments: Object.fromEntries(own.map((config) => [config.environment, stateView(record, config)])),
  };
}

/** A flag's configuration in one environment. */
export function configView(record: ConfigRecord): FlagConfigView {
  return {
    ...record.config,
    key: record.key,
    environment: record.environment,
    revision: record.revision,
    updatedAt: instantOf(record.updatedAt),
    updatedBy: record.updatedBy,
  };
}

/** The answer to a ramp, kill or restore. `before` is missing when nothing had to change. `at`: when it was asked for. */
export function rampView(done: {
  readonly before?: ConfigRecord;
  readonly after: ConfigRecord;
  readonly at: EpochMs;
}): RampView {
  const percentage = percentageOf(done.after.config);
  const previousPercentage = percentageOf((done.before ?? done.after).config);
  return {
    feature: done.after.key,
    environment: done.after.environment,
    enabled: done.after.config.enabled,
    ...(percentage === undefined ? {} : { percentage }),
    ...(previousPercentage === undefined ? {} : { previousPercentage }),
    revision: done.after.revision,
    changed: done.before !== undefined,
    at: instantOf(done.at),
  };
}

/** A segment with its instants. */
export function segmentView(record: SegmentRecord): SegmentView {
  return { ...record.segment, createdAt: instantOf(record.createdAt), updatedAt: instantOf(record.updatedAt) };
}

/** A token without its hash. */
export function tokenView(record: TokenRecord): TokenView {
  return {
    id: record.id,
    kind: record.kind,
    name: record.name,
    environments: record.environments,
    roles: record.roles,
    prefix: record.prefix,
    createdAt: instantOf(record.createdAt),
    ...(record.expiresAt === undefined ? {} : { expiresAt: instantOf(record.expiresAt) }),
    ...(record.revokedAt === undefined ? {} : { revokedAt: instantOf(record.revokedAt) }),
    ...(record.lastUsedAt === undefined ? {} : { lastUsedAt: instantOf(record.lastUsedAt) }),
  };
}

function stateView(record: FlagRecord, config: ConfigRecord): FlagStateView {
  const percentage = record.definition.type === "boolean" ? percentageOf(config.config) : undefined;
  return {
    enabled: config.config.enabled,
    ...(percentage === undefined ? {} : { percentage }),
    rules: config.config.rules.length,
    targets: Object.keys(config.config.targets).length,
    revision: config.revision,
  };
}

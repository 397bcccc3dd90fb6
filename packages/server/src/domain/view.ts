import type {
  FlagConfigView,
  FlagStateView,
  FlagView,
  RampView,
  SegmentView,
  TokenView,
  UnstoredKill,
} from "@rampart/core";
import type { ConfigRecord, EpochMs, FlagRecord, SegmentRecord, TokenRecord } from "./records.ts";
import { instantOf } from "./instant.ts";
import { percentageOf } from "./ramp.ts";

/** When a flag was last asked for in an environment; undefined: not within what is kept. */
export type LastEvaluated = (config: ConfigRecord) => EpochMs | undefined;

/** A flag with a line for each environment. `configs` may hold other flags' configurations too. */
export function flagView(
  record: FlagRecord,
  configs: Iterable<ConfigRecord>,
  lastEvaluated: LastEvaluated = () => undefined,
): FlagView {
  const own = [...configs].filter((config) => config.key === record.definition.key);
  return {
    ...record.definition,
    createdAt: instantOf(record.createdAt),
    updatedAt: instantOf(record.updatedAt),
    environments: Object.fromEntries(
      own.map((config) => [config.environment, stateView(record, config, lastEvaluated(config))]),
    ),
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

/** A kill that clients were told of and the store was not. */
export function unstoredView(
  { environment, flag }: { readonly environment: string; readonly flag: string },
  told: { readonly at: EpochMs; readonly revision: number; readonly keptIn: "file" | "memory" },
): UnstoredKill {
  const { at, revision, keptIn } = told;
  const over =
    keptIn === "file"
      ? "it is kept in the data folder, and a restart goes on with it"
      : "it is kept in memory alone: should the server end before, clients that start anew get the flag as it was";
  const detail = `Connected clients have it off, above revision ${revision}. The store can't be written; ${over}. It is tried again every second.`;
  return {
    feature: flag,
    environment,
    enabled: false,
    revision,
    changed: true,
    at: instantOf(at),
    unstored: { keptIn, detail },
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
    ...(record.browsers === undefined || record.browsers.origins.length === 0
      ? {}
      : { origins: record.browsers.origins }),
    ...(record.browsers?.secret === undefined ? {} : { secure: true }),
  };
}

function stateView(record: FlagRecord, config: ConfigRecord, lastAt: EpochMs | undefined): FlagStateView {
  const percentage = record.definition.type === "boolean" ? percentageOf(config.config) : undefined;
  return {
    enabled: config.config.enabled,
    ...(percentage === undefined ? {} : { percentage }),
    rules: config.config.rules.length,
    targets: Object.keys(config.config.targets).length,
    revision: config.revision,
    ...(lastAt === undefined ? {} : { lastEvaluatedAt: instantOf(lastAt) }),
  };
}

import { defaultOffVariant, TARGETING_KEY } from "../model/defaults.ts";
import type { FlagConfig, FlagDefinition, Segment } from "../model/flag.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { Delta, Snapshot, WireFlag, WireSegment } from "./types.ts";

/** What server SDKs get of a flag: what evaluation needs, and nothing that is for people. */
export function wireFlagOf(definition: FlagDefinition, config: FlagConfig, revision: number): WireFlag {
  const { key, type, variants } = definition;
  const { clientVisible: _, ...serving } = config;
  return { key, revision, type, variants, ...serving };
}

/** A flag as JSON for server SDKs. Fields at their defaults are left out, so that a plain boolean flag is a line of 60 bytes. */
export function encodeFlag(definition: FlagDefinition, config: FlagConfig, revision: number): JsonObject {
  return encodeWireFlag(wireFlagOf(definition, config, revision));
}

/** As `encodeFlag`, of a flag in the form that is parsed. */
export function encodeWireFlag(flag: WireFlag): JsonObject {
  const isBoolean = flag.type === "boolean";
  return without({
    key: flag.key,
    revision: flag.revision,
    type: isBoolean ? undefined : flag.type,
    variants: isBoolean ? undefined : flag.variants,
    enabled: flag.enabled ? undefined : false,
    offVariant: flag.offVariant === defaultOffVariant(flag.type, flag.variants) ? undefined : flag.offVariant,
    targets: Object.keys(flag.targets).length === 0 ? undefined : flag.targets,
    rules: flag.rules.length === 0 ? undefined : flag.rules.map(encodeRule),
    fallthrough: flag.fallthrough as JsonObject,
    salt: flag.salt === flag.key ? undefined : flag.salt,
    bucketBy: flag.bucketBy === TARGETING_KEY ? undefined : flag.bucketBy,
    prerequisites: flag.prerequisites.length === 0 ? undefined : (flag.prerequisites as readonly object[] as JsonValue),
    leaseMs: flag.leaseMs,
    measures: flag.measures,
  });
}

/** A segment as JSON for server SDKs, without its description and without what is empty. */
export function encodeSegment(segment: Segment | WireSegment, revision: number): JsonObject {
  return without({
    key: segment.key,
    revision,
    included: segment.included.length === 0 ? undefined : segment.included,
    excluded: segment.excluded.length === 0 ? undefined : segment.excluded,
    rules:
      segment.rules.length === 0
        ? undefined
        : segment.rules.map((rule) => ({ clauses: rule.clauses.map(encodeClause) })),
  });
}

/** A snapshot as compact JSON, which `parseSnapshot` reads back to the same. */
export function encodeSnapshot(snapshot: Snapshot): JsonObject {
  return without({
    environment: snapshot.environment,
    epoch: snapshot.epoch,
    revision: snapshot.revision,
    digest: snapshot.digest,
    flags: snapshot.flags.map(encodeWireFlag),
    segments: snapshot.segments.map((segment) => encodeSegment(segment, segment.revision)),
    off: snapshot.off,
  });
}

/** A delta as compact JSON, which `parseDelta` reads back to the same. */
export function encodeDelta(delta: Delta): JsonObject {
  return without({
    epoch: delta.epoch,
    from: delta.from,
    revision: delta.revision,
    digest: delta.digest,
    flags: delta.flags.length === 0 ? undefined : delta.flags.map(encodeWireFlag),
    segments:
      delta.segments.length === 0
        ? undefined
        : delta.segments.map((segment) => encodeSegment(segment, segment.revision)),
    removedFlags: delta.removedFlags.length === 0 ? undefined : delta.removedFlags,
    removedSegments: delta.removedSegments.length === 0 ? undefined : delta.removedSegments,
    urgent: delta.urgent ? true : undefined,
    committedAt: delta.committedAt,
  });
}

function encodeRule(rule: FlagConfig["rules"][number]): JsonObject {
  // Descriptions are for people.
  return { id: rule.id, clauses: rule.clauses.map(encodeClause), serve: rule.serve as JsonObject };
}

function encodeClause({ attribute, op, values, negate }: FlagConfig["rules"][number]["clauses"][number]): JsonObject {
  return without({
    attribute: op === "inSegment" ? undefined : attribute,
    op,
    values,
    negate: negate ? true : undefined,
  });
}

function without(fields: { readonly [field: string]: JsonValue | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}

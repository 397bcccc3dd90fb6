import type { FieldProblem } from "../model/problem.ts";
import { isKey } from "../model/key.ts";
import { show } from "../model/show.ts";
import { readBoolean, readCount, readItems, readKey, readRecord, readText, type Problems } from "../read/value.ts";
import type { Parsed, Skipped } from "./parsed.ts";
import { readWireFlag, readWireSegment } from "./read.ts";
import type {
  Acknowledgement,
  Delta,
  Emergency,
  Goodbye,
  Heartbeat,
  Snapshot,
  WireFlag,
  WireSegment,
} from "./types.ts";

/** Characters of an epoch or an instance id: both are ids made by a machine, and are logged and stored. */
const ID_LENGTH_MAX = 128;

const GOODBYE_REASONS: readonly string[] = ["shutdown", "revoked", "slow", "moved"] satisfies Goodbye["reason"][];

type Fields = { readonly [field: string]: unknown };

/** Reads a snapshot. A flag or segment that can't be read is skipped and reported; the others stay. */
export function parseSnapshot(input: unknown): Parsed<Snapshot> {
  return parse(input, (fields, problems) => {
    const head = readHead(fields, problems);
    const environment = readKey(fields.environment, "/environment", problems);
    const flags = readEach(fields.flags, "/flags", problems, readWireFlag);
    const segments = readEach(fields.segments, "/segments", problems, readWireSegment);
    const off = readItems(fields.off ?? [], "/off", problems, readKey);
    if (head === undefined || environment === undefined || flags === undefined || segments === undefined || !off)
      return undefined;
    const skipped = [...flags.skipped, ...segments.skipped];
    const items = { flags: flags.items, segments: segments.items };
    const snapshot: Snapshot = { environment, ...head, ...items, ...(off.length > 0 && { off }) };
    if (skipped.length === 0) return { value: snapshot, skipped };
    const unreadable = { flags: keysOf(flags.skipped), segments: keysOf(segments.skipped) };
    return { value: { ...snapshot, unreadable }, skipped };
  });
}

/** Reads a delta. A flag or segment that can't be read is skipped and reported, which leaves the last good one in place. */
export function parseDelta(input: unknown): Parsed<Delta> {
  return parse(input, (fields, problems) => {
    const head = readHead(fields, problems);
    const from = readCount(fields.from, "/from", problems);
    const flags = readEach(fields.flags ?? [], "/flags", problems, readWireFlag);
    const segments = readEach(fields.segments ?? [], "/segments", problems, readWireSegment);
    const removedFlags = readItems(fields.removedFlags ?? [], "/removedFlags", problems, readKey);
    const removedSegments = readItems(fields.removedSegments ?? [], "/removedSegments", problems, readKey);
    const urgent = readBoolean(fields.urgent ?? false, "/urgent", problems);
    const committedAt = readCount(fields.committedAt, "/committedAt", problems);
    if (head !== undefined && from !== undefined && head.revision < from) {
      problems.push({ pointer: "/revision", detail: `${head.revision} comes before ${from}, which it builds on` });
      return undefined;
    }
    if (
      head === undefined ||
      from === undefined ||
      flags === undefined ||
      segments === undefined ||
      removedFlags === undefined ||
      removedSegments === undefined ||
      urgent === undefined ||
      committedAt === undefined
    ) {
      return undefined;
    }
    const items = { flags: flags.items, segments: segments.items, removedFlags, removedSegments };
    return {
      value: { ...head, from, ...items, urgent, committedAt },
      skipped: [...flags.skipped, ...segments.skipped],
    };
  });
}

/** Reads a heartbeat. */
export function parseHeartbeat(input: unknown): Parsed<Heartbeat> {
  return parse(input, (fields, problems) => {
    const head = readHead(fields, problems);
    const now = readCount(fields.now, "/now", problems);
    return head === undefined || now === undefined ? undefined : whole({ ...head, now });
  });
}

/** Reads an emergency. */
export function parseEmergency(input: unknown): Parsed<Emergency> {
  return parse(input, (fields, problems) => {
    const epoch = readId(fields.epoch, "/epoch", problems);
    const revision = readCount(fields.revision, "/revision", problems);
    const off = readItems(fields.off, "/off", problems, readKey);
    return epoch === undefined || revision === undefined || off === undefined
      ? undefined
      : whole({ epoch, revision, off });
  });
}

/** Reads a goodbye. A reason of a newer server counts as `shutdown`: the client is to come back all the same. */
export function parseGoodbye(input: unknown): Parsed<Goodbye> {
  return parse(input, (fields, problems) => {
    const reason =
      typeof fields.reason === "string" && GOODBYE_REASONS.includes(fields.reason) ? fields.reason : "shutdown";
    const retryAfterMs = readCount(fields.retryAfterMs, "/retryAfterMs", problems);
    return retryAfterMs === undefined ? undefined : whole({ reason: reason as Goodbye["reason"], retryAfterMs });
  });
}

/** Reads a client's receipt. */
export function parseAcknowledgement(input: unknown): Parsed<Acknowledgement> {
  return parse(input, (fields, problems) => {
    const instanceId = readId(fields.instanceId, "/instanceId", problems);
    const epoch = readId(fields.epoch, "/epoch", problems);
    const revision = readCount(fields.revision, "/revision", problems);
    const appliedAt = readCount(fields.appliedAt, "/appliedAt", problems);
    const left = readBoolean(fields.left ?? false, "/left", problems);
    if (
      instanceId === undefined ||
      epoch === undefined ||
      revision === undefined ||
      appliedAt === undefined ||
      left === undefined
    )
      return undefined;
    return whole({ instanceId, epoch, revision, appliedAt, ...(left && { left }) });
  });
}

/** Runs a reader over an object, and turns its problems into one reason. */
function parse<T>(
  input: unknown,
  read: (fields: Fields, problems: Problems) => { readonly value: T; readonly skipped: readonly Skipped[] } | undefined,
): Parsed<T> {
  const problems: Problems = [];
  const fields = readRecord(input, "", problems);
  const result = fields === undefined ? undefined : read(fields, problems);
  return result === undefined ? { ok: false, reason: reasonOf(problems) } : { ok: true, ...result };
}

function whole<T>(value: T): { readonly value: T; readonly skipped: readonly Skipped[] } {
  return { value, skipped: [] };
}

/** What snapshots, deltas and heartbeats have in common. */
function readHead(fields: Fields, problems: Problems): { epoch: string; revision: number; digest: string } | undefined {
  const epoch = readId(fields.epoch, "/epoch", problems);
  const revision = readCount(fields.revision, "/revision", problems);
  const digest = readText(fields.digest, "/digest", problems);
  return epoch === undefined || revision === undefined || digest === undefined
    ? undefined
    : { epoch, revision, digest };
}

function readId(value: unknown, at: string, problems: Problems): string | undefined {
  const text = readText(value, at, problems);
  if (text === undefined || text.length <= ID_LENGTH_MAX) return text;
  problems.push({ pointer: at, detail: `has ${text.length} characters`, hint: `at most ${ID_LENGTH_MAX}` });
  return undefined;
}

/** Reads what can be read of a list, and says what was left out and why. */
function readEach<T extends WireFlag | WireSegment>(
  value: unknown,
  at: string,
  problems: Problems,
  readItem: (value: unknown, problems: Problems) => T | undefined,
): { readonly items: readonly T[]; readonly skipped: readonly Skipped[] } | undefined {
  if (!Array.isArray(value)) {
    problems.push({ pointer: at, detail: `${show(value)} is not a list` });
    return undefined;
  }
  const items: T[] = [];
  const skipped: Skipped[] = [];
  let itemProblems: Problems = [];
  for (const [index, item] of value.entries()) {
    const read = readItem(item, itemProblems);
    if (read !== undefined) {
      items.push(read);
      continue;
    }
    skipped.push({ key: keyOf(item) ?? `${at}/${index}`, reason: reasonOf(itemProblems) });
    itemProblems = [];
  }
  return { items, skipped };
}

function keyOf(item: unknown): string | undefined {
  const key = typeof item === "object" && item !== null ? (item as Fields).key : undefined;
  return isKey(key) ? key : undefined;
}

function keysOf(skipped: readonly Skipped[]): readonly string[] {
  return skipped.map((item) => item.key);
}

function reasonOf(problems: readonly FieldProblem[]): string {
  return problems.map(({ pointer, detail }) => (pointer === "" ? detail : `${pointer}: ${detail}`)).join("; ");
}

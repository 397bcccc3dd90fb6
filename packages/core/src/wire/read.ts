import { readFlagType, readServing, readVariants } from "../read/flag.ts";
import { readMembership } from "../read/segment.ts";
import { readCount, readKey, readRecord, type Problems } from "../read/value.ts";
import type { WireFlag, WireSegment } from "./types.ts";

/** Reads a flag, filling in what the encoder leaves out. */
export function readWireFlag(value: unknown, problems: Problems): WireFlag | undefined {
  const fields = readRecord(value, "", problems);
  if (fields === undefined) return undefined;
  const key = readKey(fields.key, "/key", problems);
  const revision = readCount(fields.revision, "/revision", problems);
  const type = fields.type === undefined ? "boolean" : readFlagType(fields.type, "/type", problems);
  const variants = type === undefined ? undefined : readVariants(fields.variants, type, "/variants", problems);
  if (key === undefined || revision === undefined || type === undefined || variants === undefined) return undefined;
  const serving = readServing(fields, { key, type, variants }, problems);
  return serving === undefined ? undefined : { key, revision, type, variants, ...serving };
}

/** Reads a segment, filling in what the encoder leaves out. */
export function readWireSegment(value: unknown, problems: Problems): WireSegment | undefined {
  const fields = readRecord(value, "", problems);
  if (fields === undefined) return undefined;
  const key = readKey(fields.key, "/key", problems);
  const revision = readCount(fields.revision, "/revision", problems);
  const membership = readMembership(fields, problems);
  if (key === undefined || revision === undefined || membership === undefined) return undefined;
  return { key, revision, ...membership };
}

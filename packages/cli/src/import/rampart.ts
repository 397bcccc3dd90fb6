import type { FlagConfig, FlagDefinition, JsonObject, Segment } from "@rampart/core";
import { itemsOf, recordOr, textOf } from "./json.ts";
import type { Convert, ConvertedFlag, ConvertedSegment } from "./types.ts";

/** What `rampart export` writes into `format`. */
export const RAMPART_FORMAT = "rampart/flags/v1";

/** A flag as `rampart export` writes it: its definition, and what it does in the file's environment. */
export interface ExportedFlag extends FlagDefinition {
  readonly config: Omit<FlagConfig, "leaseMs" | "measures">;
}

/** A file of `rampart export`. */
export interface ExportFile {
  readonly format: typeof RAMPART_FORMAT;
  readonly environment: string;
  readonly flags: readonly ExportedFlag[];
  readonly segments: readonly Segment[];
}

/** This product's own export: nothing has to be turned, and `settle` checks every field. */
export const convertRampart: Convert = (file) => {
  const content = recordOr(file);
  return {
    kind: "converted",
    flags: itemsOf(content["flags"], "/flags").map(({ value, path }) => flagOf(recordOr(value), path)),
    segments: itemsOf(content["segments"], "/segments").map(({ value, path }) => segmentOf(recordOr(value), path)),
    archived: [],
  };
};

/** The casts promise nothing: what is wrong with a field is found by the checks that the server has, before anything is done with it. */
function flagOf(source: JsonObject, path: string): ConvertedFlag {
  const { config = {}, ...definition } = source;
  const given = { description: "", tags: [], ...definition };
  const whole = {
    definition: given as unknown as FlagDefinition,
    config: config as unknown as FlagConfig,
  };
  return { key: textOf(source["key"]) ?? "", path, whole, findings: [] };
}

function segmentOf(source: JsonObject, path: string): ConvertedSegment {
  return { key: textOf(source["key"]) ?? "", path, whole: source as unknown as Segment, findings: [] };
}

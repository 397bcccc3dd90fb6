import type { FlagConfig, FlagDefinition, Segment } from "../model/flag.ts";
import type { JsonObject } from "../model/json.ts";
import type { Delta, Snapshot, WireFlag, WireSegment } from "./types.ts";

/** What server SDKs need of a flag. */
export function wireFlagOf(_definition: FlagDefinition, _config: FlagConfig, _revision: number): WireFlag { throw new Error("not written yet"); }
/** A flag as JSON for server SDKs, without the fields that are at their defaults. */
export function encodeFlag(_definition: FlagDefinition, _config: FlagConfig, _revision: number): JsonObject { throw new Error("not written yet"); }
export function encodeWireFlag(_flag: WireFlag): JsonObject { throw new Error("not written yet"); }
/** A segment as JSON for server SDKs, without the fields that are at their defaults. */
export function encodeSegment(_segment: Segment | WireSegment, _revision: number): JsonObject { throw new Error("not written yet"); }
export function encodeSnapshot(_snapshot: Snapshot): JsonObject { throw new Error("not written yet"); }
export function encodeDelta(_delta: Delta): JsonObject { throw new Error("not written yet"); }

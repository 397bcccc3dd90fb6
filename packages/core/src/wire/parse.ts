import type { Parsed } from "./parsed.ts";
import type { Acknowledgement, Delta, Goodbye, Heartbeat, Snapshot } from "./types.ts";

export function parseSnapshot(_input: unknown): Parsed<Snapshot> { throw new Error("not written yet"); }
export function parseDelta(_input: unknown): Parsed<Delta> { throw new Error("not written yet"); }
export function parseHeartbeat(_input: unknown): Parsed<Heartbeat> { throw new Error("not written yet"); }
export function parseGoodbye(_input: unknown): Parsed<Goodbye> { throw new Error("not written yet"); }
export function parseAcknowledgement(_input: unknown): Parsed<Acknowledgement> { throw new Error("not written yet"); }

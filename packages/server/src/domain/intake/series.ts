import type { JsonValue } from "@rampart/core";
import { type KeptClient, ReplayGuard } from "./replay-guard.ts";
import { decodeTally, encodeTally } from "./tally-codec.ts";
import { UnitTally } from "./unit-tally.ts";

/** One flag and metric at one percentage, with what a restart must bring back of it, together and as of one moment. */
export interface Series {
  readonly tally: UnitTally;
  /** Of the reports that are in the tally. */
  readonly guard: ReplayGuard;
  /** What was made of the windows so far. */
  kept: JsonValue | undefined;
}

/** A series in which nothing was counted yet, at a percentage in thousandths of a percent. */
export function newSeries(thousandths: number): Series {
  return { tally: new UnitTally(thousandths), guard: new ReplayGuard(), kept: undefined };
}

interface Header {
  readonly version: 1;
  readonly thousandths: number;
  readonly clients: readonly KeptClient[];
  readonly kept?: JsonValue;
}

const VERSION = 1;
const LENGTH_BYTES = 4;

/** A series as bytes: the length of a JSON header, the header, the tally. What is not drained yet is not in the tally's windows any more. */
export function encodeSeries({ tally, guard, kept }: Series): Uint8Array {
  const header: Header = {
    version: VERSION,
    thousandths: tally.thousandths,
    clients: guard.clients(),
    ...(kept === undefined ? {} : { kept }),
  };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const units = encodeTally(tally);
  const bytes = new Uint8Array(LENGTH_BYTES + head.length + units.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, LENGTH_BYTES);
  bytes.set(units, LENGTH_BYTES + head.length);
  return bytes;
}

/** The inverse of `encodeSeries`; undefined for what it did not write, or another version of it did. */
export function decodeSeries(bytes: Uint8Array): Series | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (end > bytes.length) return undefined;
  try {
    // Only what was written here is read here, and the version says by which form.
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end))) as Partial<Header>;
    if (header.version !== VERSION || header.thousandths === undefined || header.clients === undefined)
      return undefined;
    const tally = decodeTally(header.thousandths, bytes.subarray(end));
    return tally && { tally, guard: new ReplayGuard(header.clients), kept: header.kept };
  } catch {
    return undefined;
  }
}

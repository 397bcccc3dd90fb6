import { UNITS } from "./units.ts";
import { unitEntries, type UnitEntries } from "./unit-entries.ts";
import { VALUE_BINS } from "./value-bins.ts";

/*
 * One number for each unit, with three bits of what follows it: the units left out since the one before, times 8, plus 1 when there is
 * more than one request (then: requests - 2), plus 2 when there are failures (failures - 1), plus 4 when there is a value (its bin, one
 * byte). Numbers are little-endian groups of seven bits, the high bit saying that more follow. A busy flush is a byte or two for each unit,
 * an idle one three, so that a bitmap beside it would hardly ever be smaller.
 */
const MORE_REQUESTS = 1;
const HAS_FAILURES = 2;
const HAS_VALUE = 4;
const HEADER_BITS = 3;

const COUNT_MAX = 65_535;

/** Bytes of one unit, at most. */
const ENTRY_BYTES_MAX = 10;

/** Counted calls as text for a report. */
export function encodeUnits({ units, requests, failures, firstBins }: UnitEntries): string {
  const bytes = new Uint8Array(units.length * ENTRY_BYTES_MAX);
  let size = 0;
  const put = (value: number): void => {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) bytes[size++] = (rest & 0x7f) | 0x80;
    bytes[size++] = rest;
  };
  let next = 0;
  for (let place = 0; place < units.length; place++) {
    const unit = units[place] ?? 0;
    const calls = requests[place] ?? 1;
    const failed = failures[place] ?? 0;
    const value = firstBins[place] ?? 0;
    const bits = (calls > 1 ? MORE_REQUESTS : 0) | (failed > 0 ? HAS_FAILURES : 0) | (value > 0 ? HAS_VALUE : 0);
    put(((unit - next) << HEADER_BITS) | bits);
    if (calls > 1) put(calls - 2);
    if (failed > 0) put(failed - 1);
    if (value > 0) bytes[size++] = value - 1;
    next = unit + 1;
  }
  return encodeBase64(bytes.subarray(0, size));
}

/** The inverse of `encodeUnits`; undefined for every text that it does not write. */
export function decodeUnits(text: string): UnitEntries | undefined {
  const bytes = decodeBase64(text);
  if (bytes === undefined) return undefined;
  const reader = new Reader(bytes);
  const most = Math.min(bytes.length, UNITS);
  const columns = unitEntries(most);
  let size = 0;
  let next = 0;
  while (!reader.isAtEnd) {
    const header = reader.number();
    const unit = next + (header >>> HEADER_BITS);
    const calls = header & MORE_REQUESTS ? reader.number() + 2 : 1;
    const failed = header & HAS_FAILURES ? reader.number() + 1 : 0;
    const value = header & HAS_VALUE ? reader.byte() + 1 : 0;
    if (reader.isBroken || unit >= UNITS || calls > COUNT_MAX || failed > calls || value > VALUE_BINS) return undefined;
    columns.units[size] = unit;
    columns.requests[size] = calls;
    columns.failures[size] = failed;
    columns.firstBins[size] = value;
    size += 1;
    next = unit + 1;
  }
  return {
    units: columns.units.slice(0, size),
    requests: columns.requests.slice(0, size),
    failures: columns.failures.slice(0, size),
    firstBins: columns.firstBins.slice(0, size),
  };
}

/** Reads numbers; what is cut off or longer than it needs to be breaks it. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) this.isBroken = true;
    return byte ?? 0;
  }

  /** Up to 21 bits, which is more than anything here has. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte > 0x7f) continue;
      if (byte === 0 && shift > 0) this.isBroken = true;
      return value;
    }
    this.isBroken = true;
    return value;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Base64 (RFC 4648) without padding, which platforms give in different ways or not at all. */
function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const characters = left === 1 ? 2 : left === 2 ? 3 : 4;
    for (let place = 0; place < characters; place++) text += ALPHABET[(group >>> (18 - 6 * place)) & 63] ?? "";
  }
  return text;
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((text.length * 6) >>> 3);
  let bits = 0;
  let held = 0;
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const value = VALUES[text.charCodeAt(at)] ?? -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[size++] = (bits >>> held) & 0xff;
  }
  // What is left over is zero, or two texts would say the same.
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

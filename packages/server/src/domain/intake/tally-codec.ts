import { UNITS } from "@rampart/core";
import { UnitTally } from "./unit-tally.ts";

/*
 * A tally for a checkpoint: for each unit that was ever seen, the units left out since the one before, three bits (seen, failed, valued in
 * the present epochs), requests, failures; numbers as in reports. What is not drained yet is not in it: it is made right after a drain.
 */
const SEEN = 1;
const FAILED = 2;
const VALUED = 4;

/** Five bytes hold 32 bits; a unit has three numbers, the first of which needs three. */
const ENTRY_BYTES_MAX = 13;

/** The tally as bytes. Up to half a megabyte, of which compression leaves a fifth. */
export function encodeTally(tally: UnitTally): Uint8Array {
  const bytes = new Uint8Array(UNITS * ENTRY_BYTES_MAX);
  let size = 0;
  const put = (value: number): void => {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[size++] = (rest % 128) | 0x80;
    bytes[size++] = rest;
  };
  let next = 0;
  for (let unit = 0; unit < UNITS; unit++) {
    const requests = tally.requests[unit] ?? 0;
    if (requests === 0) continue;
    const bits =
      (tally.seen.has(unit) ? SEEN : 0) | (tally.failed.has(unit) ? FAILED : 0) | (tally.valued.has(unit) ? VALUED : 0);
    put((unit - next) * 8 + bits);
    put(requests);
    put(tally.failures[unit] ?? 0);
    next = unit + 1;
  }
  return bytes.slice(0, size);
}

/** The inverse of `encodeTally`; undefined for what is none. */
export function decodeTally(thousandths: number, bytes: Uint8Array): UnitTally | undefined {
  const tally = new UnitTally(thousandths);
  let at = 0;
  const take = (): number => {
    let value = 0;
    for (let weight = 1; weight <= 128 ** 4; weight *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * weight;
      if (byte <= 0x7f) return value;
    }
    return Number.NaN;
  };
  let next = 0;
  while (at < bytes.length) {
    const head = take();
    const unit = next + Math.floor(head / 8);
    const requests = take();
    const failures = take();
    if (!(unit < UNITS && requests > 0 && failures <= requests) || at > bytes.length) return undefined;
    tally.requests[unit] = requests;
    tally.failures[unit] = failures;
    if (head & SEEN) tally.seen.add(unit);
    if (head & FAILED) tally.failed.add(unit);
    if (head & VALUED) tally.valued.add(unit);
    next = unit + 1;
  }
  return tally;
}

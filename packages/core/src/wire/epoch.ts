/** `t`, the instant of the making in milliseconds as twelve hex digits, and a random tail of eight. */
const DATED = /^t[0-9a-f]{12}[0-9a-f]{8}$/;

const INSTANT_DIGITS = 12;
const TAIL_BYTES = 4;

/** How many random bytes an epoch takes: two histories that begin in the same millisecond must differ. */
export const EPOCH_RANDOM_BYTES: number = TAIL_BYTES;

/**
 * The epoch of a history that begins at `atMs` (epoch milliseconds) and follows `after`, if that is known: it comes after it even
 * where the clock was set back. 21 characters, so that it can stand in `epoch:revision`. `random` has `EPOCH_RANDOM_BYTES`.
 */
export function epochAt(atMs: number, random: Uint8Array, after?: string): string {
  const beganMs = Math.max(0, Math.trunc(atMs), after !== undefined && DATED.test(after) ? instantOf(after) + 1 : 0);
  const tail = [...random.subarray(0, TAIL_BYTES)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `t${beganMs.toString(16).padStart(INSTANT_DIGITS, "0")}${tail.join("")}`;
}

/**
 * Whether the history `epoch` began before the history `than`, which everybody can tell who never heard of either. Epochs of servers that did not
 * date them yet come before every dated one; of two of them nobody knows, and the answer is false.
 */
export function isOlderEpoch(epoch: string, than: string): boolean {
  return DATED.test(than) && (!DATED.test(epoch) || epoch < than);
}

function instantOf(epoch: string): number {
  return Number.parseInt(epoch.slice(1, 1 + INSTANT_DIGITS), 16);
}

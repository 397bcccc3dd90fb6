const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/**
 * MurmurHash3 x86_32 of the text's UTF-8 bytes, 0…2^32−1. Lone surrogates count as U+FFFD, as with `TextEncoder`.
 * (Austin Appleby, SMHasher, `MurmurHash3.cpp`.)
 */
export function murmur3(text: string, seed: number): number {
  return murmur3Int32(text, seed) >>> 0;
}

/**
 * The same as a signed 32-bit integer, which fits V8's small integers: an unsigned one above 2^31 would be a heap
 * allocation wherever the call is not inlined.
 *
 * Reads char codes four at a time without building bytes, and starts over on the UTF-8 path at the first one that is not ASCII.
 */
export function murmur3Int32(text: string, seed: number): number {
  const length = text.length;
  const blocksEnd = length & ~3;
  let h = seed | 0;
  let i = 0;
  for (; i < blocksEnd; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f) return hashUtf8(text, seed);
    h = mixBlock(h, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let shift = 0; i < length; i++, shift += 8) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return hashUtf8(text, seed);
    tail |= code << shift;
  }
  return finish(h, tail, length);
}

function hashUtf8(text: string, seed: number): number {
  let h = seed | 0;
  let block = 0;
  let byteCount = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code > 0xffff) i++;
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
    const bytes = utf8Bytes(point);
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const filled = byteCount & 3;
    block |= bytes << (filled * 8);
    byteCount += size;
    if (filled + size >= 4) {
      h = mixBlock(h, block);
      // A shift by 32 is a shift by 0 in JavaScript, hence the case apart.
      block = filled === 0 ? 0 : bytes >>> (32 - filled * 8);
    }
  }
  return finish(h, block, byteCount);
}

/** A code point's one to four UTF-8 bytes, the first in the lowest eight bits. */
function utf8Bytes(point: number): number {
  if (point < 0x80) return point;
  const last = 0x80 | (point & 0x3f);
  if (point < 0x800) return 0xc0 | (point >> 6) | (last << 8);
  const third = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) return 0xe0 | (point >> 12) | (third << 8) | (last << 16);
  const second = 0x80 | ((point >> 12) & 0x3f);
  return 0xf0 | (point >> 18) | (second << 8) | (third << 16) | (last << 24);
}

function scramble(block: number): number {
  const k = Math.imul(block, C1);
  return Math.imul((k << 15) | (k >>> 17), C2);
}

function mixBlock(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** `tail`: the last zero to three bytes; zeros scramble to zero, so no tail needs no case. */
function finish(hash: number, tail: number, byteCount: number): number {
  let h = hash ^ scramble(tail) ^ byteCount;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

import { murmur3Int32 } from "../hash/murmur3.ts";

/** What the digest covers of a flag or a segment. */
export interface Revised {
  readonly key: string;
  readonly revision: number;
}

/**
 * Eight hex digits over which flags and segments are held at which revisions: the sum, modulo 2^32, of a hash of each. The order
 * does not matter, and a change adds and subtracts only what changed. Two holders with the same digest hold the same
 * items at the same revisions, up to one chance in 2^32: it shows up a lost or stale item. It is not a cryptographic check: it says nothing
 * about what the items contain, and whoever can choose keys can make two sums meet.
 */
export function digestOf(flags: Iterable<Revised>, segments: Iterable<Revised>): string {
  return digestOver(flags, segments).toString();
}

/** As `digestOf`, to be followed from then on. */
export function digestOver(flags: Iterable<Revised>, segments: Iterable<Revised>): Digest {
  const digest = new Digest();
  for (const flag of flags) digest.add("flag", flag);
  for (const segment of segments) digest.add("segment", segment);
  return digest;
}

/** A digest that follows its items. */
export class Digest {
  #sum = 0;

  add(kind: "flag" | "segment", item: Revised): void {
    this.#sum = (this.#sum + hashOf(kind, item)) | 0;
  }

  remove(kind: "flag" | "segment", item: Revised): void {
    this.#sum = (this.#sum - hashOf(kind, item)) | 0;
  }

  toString(): string {
    return (this.#sum >>> 0).toString(16).padStart(8, "0");
  }
}

/** The prefix keeps a flag and a segment of one name apart. */
function hashOf(kind: "flag" | "segment", { key, revision }: Revised): number {
  return murmur3Int32(kind === "flag" ? `f:${key}` : `s:${key}`, revision);
}

import { murmur3 } from "../hash/murmur3.ts";
import { isOlderEpoch } from "../wire/epoch.ts";
import type { Parsed } from "../wire/parsed.ts";
import { parseSnapshot } from "../wire/parse.ts";
import type { Basis, Snapshot } from "../wire/types.ts";

/** What is kept for the next process. */
export interface Cached {
  readonly snapshot: Snapshot;
  /** Epochs left behind, so that the next process does not go back to one either. */
  readonly leftEpochs: readonly string[];
  /** When the server was last heard of, epoch milliseconds; undefined: never. Leases run on from there. */
  readonly contactAt: number | undefined;
  /** Epoch milliseconds. */
  readonly savedAt: number;
}

/** Where what is kept stands in its environment's history. */
export interface Kept extends Pick<Cached, "leftEpochs" | "contactAt"> {
  readonly snapshot: Basis;
}

const HEADER = /^rampart-cache 1 ([0-9a-f]{16})\n/;
const SEEDS = [0x5eed1, 0x5eed2] as const;

/** 64 bits against accidents; a folder that others can write to needs more than a checksum. */
function checksum(text: string): string {
  return SEEDS.map((seed) => murmur3(text, seed).toString(16).padStart(8, "0")).join("");
}

/** Says whose values a cache holds without giving the key away. */
export function fingerprintOf(url: string, sdkKey: string): string {
  return checksum(`${url}\n${sdkKey}`);
}

/** The text of a cache. */
export function encodeCache(cached: Cached, fingerprint: string): string {
  const { snapshot, leftEpochs, contactAt, savedAt } = cached;
  const body = JSON.stringify({ fingerprint, savedAt, contactAt, leftEpochs, snapshot });
  return `rampart-cache 1 ${checksum(body)}\n${body}`;
}

/** Reads a cache's text; anything but a whole one with the same fingerprint is refused. */
export function decodeCache(text: string, fingerprint: string): Parsed<Cached> {
  const header = HEADER.exec(text);
  if (header === null) return refused("it is no cache of this version");
  const body = text.slice(header[0].length);
  if (checksum(body) !== header[1]) return refused("its checksum does not fit: it was cut short or changed");
  const fields = JSON.parse(body) as { readonly [key: string]: unknown };
  if (fields["fingerprint"] !== fingerprint) return refused("it belongs to another server or key");
  const { savedAt, contactAt, leftEpochs } = fields;
  const snapshot = parseSnapshot(fields["snapshot"]);
  if (!snapshot.ok) return snapshot;
  if (typeof savedAt !== "number" || !Array.isArray(leftEpochs)) return refused("its fields have the wrong types");
  return {
    ok: true,
    skipped: snapshot.skipped,
    value: {
      snapshot: snapshot.value,
      leftEpochs: leftEpochs.filter((epoch) => typeof epoch === "string"),
      contactAt: typeof contactAt === "number" ? contactAt : undefined,
      savedAt,
    },
  };
}

/**
 * Whether `next` may take the place of what is there. Processes can share a cache, and one that lost contact must not put
 * back what another has seen rolled back.
 */
export function mayReplace(there: Kept, next: Kept): boolean {
  if (there.leftEpochs.includes(next.snapshot.epoch)) return false;
  if (there.snapshot.epoch === next.snapshot.epoch) return there.snapshot.revision <= next.snapshot.revision;
  if (isOlderEpoch(next.snapshot.epoch, there.snapshot.epoch)) return false;
  if (next.leftEpochs.includes(there.snapshot.epoch) || isOlderEpoch(there.snapshot.epoch, next.snapshot.epoch))
    return true;
  // Neither is dated, and neither knows the other: whoever heard of the server last has the later one.
  return (there.contactAt ?? 0) <= (next.contactAt ?? 0);
}

function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

import { hash as digest } from "node:crypto";
import type { AuditEntry } from "@rampart/core";
import { canonicalJson } from "./canonical.ts";

/** What the first entry has for the hash of the one before it. */
export const FIRST_PREVIOUS_HASH = "0".repeat(64);

/** An entry before it is sealed: everything but the two hashes. */
export type AuditDraft = Omit<AuditEntry, "previousHash" | "hash">;

/** The part of a chain's end that the next entry needs. */
export type ChainHead = Pick<AuditEntry, "seq" | "hash">;

/** What `sealEntry` gives: the entry, and the canonical JSON (without `hash`) that was hashed. */
export interface SealedEntry {
  readonly entry: AuditEntry;
  readonly canonical: string;
}

/** The answer of `verifyChain`. */
export type ChainVerdict =
  | { readonly kind: "intact"; readonly head: ChainHead | undefined }
  /** `seq` is the number that should have stood there. */
  | { readonly kind: "broken"; readonly seq: number; readonly why: string };

/** Binds an entry to the one before it: SHA-256 over RFC 8785 canonical JSON with `previousHash` in it. */
export function sealEntry(previousHash: string, draft: AuditDraft): SealedEntry {
  const unsealed = { ...draft, previousHash };
  const canonical = canonicalJson(unsealed);
  return { entry: { ...unsealed, hash: sha256(canonical) }, canonical };
}

/**
 * Checks entries in order, oldest first. `from` is the head that the first of them must follow; without it they must
 * start at the beginning. What was cut off at the end can't show here: compare `head` with one that was exported.
 */
export function verifyChain(entries: Iterable<AuditEntry>, from?: ChainHead): ChainVerdict {
  let head = from;
  for (const entry of entries) {
    const seq = (head?.seq ?? 0) + 1;
    if (entry.seq !== seq)
      return { kind: "broken", seq, why: `entry ${seq} is missing: ${entry.seq} stands in its place` };
    if (entry.previousHash !== (head?.hash ?? FIRST_PREVIOUS_HASH)) {
      return {
        kind: "broken",
        seq,
        why: `entry ${seq} does not follow the entry before it: its previousHash is another`,
      };
    }
    const { hash, ...unsealed } = entry;
    if (hash !== sha256(canonicalJson(unsealed)))
      return { kind: "broken", seq, why: `entry ${seq} was changed: its content does not have its hash` };
    head = { seq, hash };
  }
  return { kind: "intact", head };
}

const sha256 = (text: string): string => digest("sha256", text, "hex");

import type { AuditEntry } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIRST_PREVIOUS_HASH, sealEntry, verifyChain } from "./audit.ts";

/** A chain of so many entries, each a little different. */
function chainOf(length: number): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const draft = {
      seq,
      at: "2026-01-05T02:00:00.000Z",
      actor: `token:t${seq % 3}`,
      action: "flag.ramped",
      target: "flag/a",
      environment: "production",
      revision: seq,
      ...(seq % 2 === 0 ? { reason: `stage ${seq}` } : {}),
      before: { fallthrough: { percentage: seq - 1 } },
      after: { fallthrough: { percentage: seq } },
    };
    entries.push(sealEntry(entries.at(-1)?.hash ?? FIRST_PREVIOUS_HASH, draft).entry);
  }
  return entries;
}

const chain = chainOf(12);
const place = fc.nat({ max: chain.length - 1 });
const brokenAt = (entries: readonly AuditEntry[]) => {
  const verdict = verifyChain(entries);
  return verdict.kind === "broken" ? verdict.seq : undefined;
};

describe("the audit's chain", () => {
  it("is SHA-256 over canonical JSON, so that others can check it", () => {
    const { entry, canonical } = sealEntry(FIRST_PREVIOUS_HASH, {
      seq: 1,
      target: "flag/a",
      actor: "dev",
      at: "2026-01-05T02:00:00.000Z",
      action: "flag.killed",
      after: { b: 1e21, a: "€" },
    });
    expect(canonical).toBe(
      `{"action":"flag.killed","actor":"dev","after":{"a":"€","b":1e+21},"at":"2026-01-05T02:00:00.000Z","previousHash":"${FIRST_PREVIOUS_HASH}","seq":1,"target":"flag/a"}`,
    );
    // printf '%s' "$canonical" | sha256sum
    expect(entry.hash).toBe("abceeb2ea42754fc5f18b65003f2b8fd7897909bf7831e998fc4fa88bcb91e41");
  });

  it("is intact as it was made, after a round trip through JSON, and from any head", () => {
    const head = { seq: 12, hash: chain[11]?.hash };
    expect(verifyChain(chain)).toEqual({ kind: "intact", head });
    expect(verifyChain(JSON.parse(JSON.stringify(chain)) as AuditEntry[])).toEqual({ kind: "intact", head });
    expect(verifyChain(chain.slice(5), chain[4])).toEqual({ kind: "intact", head });
    expect(verifyChain([])).toEqual({ kind: "intact", head: undefined });
  });

  it("breaks at the entry in which anything was changed", () => {
    const change = fc.record({
      at: place,
      over: fc.oneof(
        fc.constantFrom<Partial<AuditEntry>>(
          { actor: "token:other" },
          { action: "flag.killed" },
          { environment: "staging" },
          { revision: 0 },
        ),
        fc.constantFrom<Partial<AuditEntry>>(
          { reason: "another" },
          { after: { fallthrough: { percentage: 100 } } },
          { at: "2026-01-05T02:00:00.001Z" },
        ),
        fc.constantFrom<Partial<AuditEntry>>(
          { hash: "f".repeat(64) },
          { previousHash: "f".repeat(64) },
          { before: null },
          { target: "flag/b" },
        ),
      ),
    });
    fc.assert(
      fc.property(change, ({ at, over }) => {
        expect(brokenAt(chain.map((entry, index) => (index === at ? { ...entry, ...over } : entry)))).toBe(at + 1);
      }),
    );
  });

  it("breaks where an entry was changed and sealed again, at the entry that follows it", () => {
    fc.assert(
      fc.property(fc.nat({ max: chain.length - 2 }), (at) => {
        const forged = chain.map((entry, index) => {
          if (index !== at) return entry;
          const { hash: _, previousHash, ...draft } = entry;
          return sealEntry(previousHash, { ...draft, reason: "nothing to see here" }).entry;
        });
        expect(brokenAt(forged)).toBe(at + 2);
      }),
    );
  });

  it("breaks where entries are missing, doubled, or stand in another order", () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one];
        if (to < chain.length - 1)
          expect(brokenAt(chain.filter((_, index) => index < from || index > to))).toBe(from + 1);
        expect(brokenAt([...chain.slice(0, from + 1), ...chain.slice(from)])).toBe(from + 2);
        if (from === to) return;
        const swapped = chain.map(
          (entry, index) => (index === from ? chain[to] : index === to ? chain[from] : entry) ?? entry,
        );
        expect(brokenAt(swapped)).toBe(from + 1);
      }),
    );
  });

  it("breaks when missing entries are hidden by numbering the rest anew", () => {
    const renumbered = chain.filter((entry) => entry.seq !== 4).map((entry, index) => ({ ...entry, seq: index + 1 }));
    expect(brokenAt(renumbered)).toBe(4);
  });

  it("shows what was cut off at its end only against a head that was kept", () => {
    const short = chain.slice(0, 9);
    expect(verifyChain(short)).toEqual({ kind: "intact", head: { seq: 9, hash: chain[8]?.hash } });
    expect(brokenAt(chain.slice(9))).toBe(1);
    expect(verifyChain(chain.slice(9), chain[8])).toMatchObject({ kind: "intact" });
  });

  it("says why it is broken", () => {
    const changed = chain.map((entry) => (entry.seq === 3 ? { ...entry, actor: "me" } : entry));
    expect(verifyChain(changed)).toEqual({
      kind: "broken",
      seq: 3,
      why: "entry 3 was changed: its content does not have its hash",
    });
    expect(verifyChain(chain.slice(1))).toEqual({
      kind: "broken",
      seq: 1,
      why: "entry 1 is missing: 2 stands in its place",
    });
  });
});

import { generateKeyPairSync, sign } from "node:crypto";
import type { AuditEntry } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIRST_PREVIOUS_HASH, sealEntry } from "./audit.ts";
import { ExportVerifier, ExportWriter, fingerprintOf, type ExportVerdict, type VerifyOptions } from "./audit-export.ts";

const MUTATIONS = 10_000;

function newSigner() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex"),
    sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString("hex"),
  };
}

const signer = newSigner();
const at = "2026-01-05T02:00:00.000Z";

function chain(length: number): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const draft = {
      seq,
      at,
      actor: "token:1 (anna)",
      action: "flag.ramped",
      target: "flag/checkout",
      reason: `to ${seq} % “ü\ufffd”`,
      after: { percentage: seq },
    };
    entries.push(sealEntry(entries.at(-1)?.hash ?? FIRST_PREVIOUS_HASH, draft).entry);
  }
  return entries;
}

function exported(entries: readonly AuditEntry[], isWhole = true): string {
  const writer = new ExportWriter();
  return entries.map((entry) => writer.line(entry)).join("") + writer.end({ isWhole, exportedAt: at }, signer);
}

function verify(text: string, options: VerifyOptions = {}): ExportVerdict {
  const verifier = new ExportVerifier(options);
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) if (!verifier.take(line)) break;
  return verifier.end();
}

const ENTRIES = chain(12);
const TEXT = exported(ENTRIES);
const LINES = TEXT.match(/[^\n]*\n/g) ?? [];

/** What somebody may do to a file who does not have the key. */
const tampering = fc.oneof(
  fc.record({
    kind: fc.constant("flip" as const),
    at: fc.nat(TEXT.length - 1),
    to: fc.integer({ min: 0, max: 0x17f }),
  }),
  fc.record({
    kind: fc.constant("delete" as const),
    at: fc.nat(TEXT.length - 1),
    length: fc.integer({ min: 1, max: 400 }),
  }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: fc.nat(TEXT.length),
    text: fc.oneof(
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.constantFrom(" ", "\n", "\r", "\t", "0", ",", "{}\n", ...LINES),
    ),
  }),
  fc.record({ kind: fc.constant("truncate" as const), length: fc.nat(TEXT.length - 1) }),
  fc.record({ kind: fc.constant("cutLines" as const), lines: fc.integer({ min: 1, max: LINES.length }) }),
  fc.record({ kind: fc.constant("reorder" as const), from: fc.nat(LINES.length - 1), to: fc.nat(LINES.length - 1) }),
  fc.record({
    kind: fc.constant("removeLines" as const),
    from: fc.nat(LINES.length - 1),
    lines: fc.integer({ min: 1, max: LINES.length }),
  }),
  // Rewrites an entry and everything after it, hashes and all: only the signature stands against that.
  fc.record({
    kind: fc.constant("reseal" as const),
    from: fc.nat(ENTRIES.length - 1),
    keep: fc.integer({ min: 1, max: ENTRIES.length }),
  }),
);

type Tampering = typeof tampering extends fc.Arbitrary<infer T> ? T : never;

function tampered(how: Tampering): string {
  switch (how.kind) {
    case "flip":
      return TEXT.slice(0, how.at) + String.fromCharCode(how.to) + TEXT.slice(how.at + 1);
    case "delete":
      return TEXT.slice(0, how.at) + TEXT.slice(how.at + how.length);
    case "insert":
      return TEXT.slice(0, how.at) + how.text + TEXT.slice(how.at);
    case "truncate":
      return TEXT.slice(0, how.length);
    case "cutLines":
      return LINES.slice(0, LINES.length - how.lines).join("");
    case "reorder": {
      const rest = LINES.filter((_, index) => index !== how.from);
      return rest.toSpliced(how.to, 0, LINES[how.from] ?? "").join("");
    }
    case "removeLines":
      return LINES.toSpliced(how.from, how.lines).join("");
    case "reseal": {
      const kept = ENTRIES.slice(0, how.from);
      const forged = ENTRIES.slice(how.from, how.from + how.keep).reduce<readonly AuditEntry[]>(
        (done, { hash: _, previousHash: __, ...draft }) => {
          const previous = done.at(-1)?.hash ?? FIRST_PREVIOUS_HASH;
          return [...done, sealEntry(previous, { ...draft, actor: "somebody else" }).entry];
        },
        kept,
      );
      return forged.map((entry) => `${JSON.stringify(entry)}\n`).join("") + (LINES.at(-1) ?? "");
    }
  }
}

describe("an audit export", () => {
  it("verifies, with its head and who signed it", () => {
    expect(verify(TEXT)).toMatchObject({
      kind: "intact",
      entries: 12,
      head: { seq: 12 },
      signed: { publicKey: signer.publicKey, head: { entries: 12, first: 1, last: 12, isWhole: true, exportedAt: at } },
    });
    expect(verify(exported([]))).toMatchObject({ kind: "intact", entries: 0, signed: { head: { first: null } } });
    expect(fingerprintOf(signer.publicKey)).toMatch(/^(?:[0-9a-f]{4} ){3}[0-9a-f]{4}$/);
  });

  it(`shows every one of ${MUTATIONS} random mutations, deletions, insertions, reorderings and truncations`, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(tampering, (how) => {
        const text = tampered(how);
        fc.pre(text !== TEXT);
        seen.add(how.kind);
        expect(verify(text).kind).toBe("broken");
      }),
      { numRuns: MUTATIONS },
    );
    expect(seen.size).toBe(8);
  }, 120_000);

  it("shows a forger's own key where the right one is given", () => {
    const writer = new ExportWriter();
    const forged =
      ENTRIES.slice(0, 3)
        .map((entry) => writer.line(entry))
        .join("") + writer.end({ isWhole: true, exportedAt: at }, newSigner());
    expect(verify(forged).kind).toBe("intact");
    expect(verify(forged, { publicKey: signer.publicKey })).toMatchObject({
      kind: "broken",
      why: expect.stringContaining("another key"),
    });
  });

  it("of picked entries verifies too, and shows a change, a swap and a missing line in it", () => {
    const picked = ENTRIES.filter(({ seq }) => [2, 3, 7, 11].includes(seq));
    const text = exported(picked, false);
    expect(verify(text)).toMatchObject({ kind: "intact", entries: 4, signed: { head: { isWhole: false } } });
    const lines = text.match(/[^\n]*\n/g) ?? [];
    for (const wrong of [
      lines.toSpliced(1, 1),
      lines.toSpliced(0, 2, lines[1] ?? "", lines[0] ?? ""),
      lines.slice(0, -1),
    ])
      expect(verify(wrong.join("")).kind).toBe("broken");
    expect(verify(exported(picked, true))).toMatchObject({ kind: "broken", seq: 1 });
  });

  it("takes no field beside what was signed", () => {
    const head = LINES.at(-1) ?? "";
    for (const more of [
      head.replace("{", '{"a":1,'),
      head.replace("}\n", ',"z":1}\n'),
      head.replace('{"entries"', '{"a":1,"entries"'),
    ])
      expect(verify(LINES.slice(0, -1).join("") + more).kind).toBe("broken");
  });

  it("without a signed head is taken only when that is asked for", () => {
    const unsigned = LINES.slice(0, -1).join("");
    expect(verify(unsigned)).toMatchObject({ kind: "broken", why: expect.stringContaining("signed head is missing") });
    expect(verify(unsigned, { unsigned: true })).toMatchObject({ kind: "intact", entries: 12, signed: undefined });
  });

  it("must hold the entry that was asked for", () => {
    const noted = ENTRIES[7]?.hash ?? "";
    expect(verify(TEXT, { mustHold: noted }).kind).toBe("intact");
    expect(verify(exported(ENTRIES.slice(0, 5)), { mustHold: noted })).toMatchObject({ kind: "broken", seq: 6 });
  });
});

import { createHash, createPublicKey, hash as digest, verify as verifySignature } from "node:crypto";
import type { AuditEntry, Instant } from "@rampart/core";
import { FIRST_PREVIOUS_HASH, verifyChain, type ChainHead } from "./audit.ts";
import { canonicalJson } from "./canonical.ts";

const FORMAT = "rampart-audit/1";

/** What the last line of an export says of the lines before it. */
export interface ExportHead {
  readonly format: typeof FORMAT;
  readonly entries: number;
  /** Numbers of the first and the last entry; null when there is none. */
  readonly first: number | null;
  readonly last: number | null;
  /** Of the last entry; null when there is none. */
  readonly hash: string | null;
  /** SHA-256 of all lines before, with their ends. */
  readonly linesHash: string;
  /** Every entry from the first on is there, so that they are one chain. Else some were picked. */
  readonly isWhole: boolean;
  readonly exportedAt: Instant;
}

/** The last line of an export. */
interface SignedHead {
  readonly head: ExportHead;
  /** 64 hexadecimal digits. */
  readonly publicKey: string;
  /** Ed25519, over the head's canonical JSON: 128 hexadecimal digits. */
  readonly signature: string;
}

/** Writes an export line by line; what it remembers of it does not grow. */
export class ExportWriter {
  readonly #lines = createHash("sha256");
  #entries = 0;
  #first: AuditEntry | undefined;
  #last: AuditEntry | undefined;

  /** An entry's line, with its end. In the order of their numbers. */
  line(entry: AuditEntry): string {
    const text = `${JSON.stringify(entry)}\n`;
    this.#lines.update(text);
    this.#entries += 1;
    this.#first ??= entry;
    this.#last = entry;
    return text;
  }

  /** The last line. `isWhole`: nothing was left out up to the last entry. */
  end(
    { isWhole, exportedAt }: Pick<ExportHead, "isWhole" | "exportedAt">,
    signer: { readonly publicKey: string; sign(text: string): string },
  ): string {
    const head: ExportHead = {
      format: FORMAT,
      entries: this.#entries,
      first: this.#first?.seq ?? null,
      last: this.#last?.seq ?? null,
      hash: this.#last?.hash ?? null,
      linesHash: this.#lines.digest("hex"),
      isWhole,
      exportedAt,
    };
    return lineOf({ head, publicKey: signer.publicKey, signature: signer.sign(canonicalJson(head)) });
  }
}

const lineOf = (signed: SignedHead): string => `${canonicalJson(signed)}\n`;

/** What an export turned out to be. */
export type ExportVerdict =
  | {
      readonly kind: "intact";
      readonly entries: number;
      readonly head: ChainHead | undefined;
      readonly signed: SignedHead | undefined;
    }
  /** `seq`: the number that should have stood there; `entries`: how many before it are intact. */
  | { readonly kind: "broken"; readonly entries: number; readonly seq: number; readonly why: string };

/** How an export is checked. */
export interface VerifyOptions {
  /** The key that must have signed it; missing: any. */
  readonly publicKey?: string;
  /** Accept one without a signed head, as older versions wrote them: what was cut off at the end does not show then. */
  readonly unsigned?: boolean;
  /** The hash of an entry that must be there. */
  readonly mustHold?: string;
}

/**
 * Checks an export that comes line by line, each line with its end as it stands in the file: every entry's own hash, the chain, and the
 * signed head, which nothing may follow. Takes bounded memory.
 */
export class ExportVerifier {
  readonly #options: VerifyOptions;
  readonly #lines = createHash("sha256");
  #newest: string | undefined;
  #broken: Extract<ExportVerdict, { kind: "broken" }> | undefined;
  #gap: { readonly seq: number; readonly why: string } | undefined;
  #head: ChainHead | undefined;
  #first: number | null = null;
  #entries = 0;
  #holds: boolean;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#holds = options.mustHold === undefined;
  }

  /** False: it is broken, and what follows makes no difference. */
  take(line: string): boolean {
    if (this.#newest !== undefined) this.#entry(this.#newest);
    this.#newest = line;
    return this.#broken === undefined;
  }

  end(): ExportVerdict {
    const line = this.#newest;
    const signed = line === undefined ? undefined : signedHeadIn(line);
    if (line !== undefined && signed === undefined) this.#entry(line);
    if (this.#broken) return this.#broken;
    const why = this.#wrongWith(signed);
    if (why !== undefined) return this.#break(this.#nextSeq, why);
    if (this.#gap && (signed === undefined || signed.head.isWhole)) return this.#break(this.#gap.seq, this.#gap.why);
    if (!this.#holds)
      return this.#break(
        this.#nextSeq,
        "the entry with the given head is not in the record: it was cut off or rewritten",
      );
    return { kind: "intact", entries: this.#entries, head: this.#head, signed };
  }

  get #nextSeq(): number {
    return (this.#head?.seq ?? 0) + 1;
  }

  #break(seq: number, why: string): Extract<ExportVerdict, { kind: "broken" }> {
    return (this.#broken ??= { kind: "broken", entries: Math.min(this.#entries, Math.max(0, seq - 1)), seq, why });
  }

  #entry(line: string): void {
    if (this.#broken) return;
    const entry = parseEntry(line);
    if (entry === undefined) {
      this.#break(this.#nextSeq, `line ${this.#entries + 1} is not an audit entry`);
      return;
    }
    const alone = verifyChain([entry], { seq: entry.seq - 1, hash: entry.previousHash });
    if (alone.kind === "broken" || (this.#head !== undefined && entry.seq <= this.#head.seq)) {
      const why = alone.kind === "broken" ? alone.why : `entry ${entry.seq} stands behind entry ${this.#head?.seq}`;
      this.#break(alone.kind === "broken" ? entry.seq : this.#nextSeq, why);
      return;
    }
    this.#follows(entry);
    this.#lines.update(line);
    this.#entries += 1;
    this.#first ??= entry.seq;
    this.#head = { seq: entry.seq, hash: entry.hash };
    this.#holds ||= entry.hash === this.#options.mustHold;
  }

  /** Two entries next to each other must be linked, also where some were picked; what is missing between others shows only in a whole chain. */
  #follows(entry: AuditEntry): void {
    const linked = verifyChain([entry], this.#head ?? { seq: 0, hash: FIRST_PREVIOUS_HASH });
    if (linked.kind === "intact") return;
    const isNext = this.#head !== undefined && entry.seq === this.#head.seq + 1;
    if (isNext) this.#break(linked.seq, linked.why);
    else this.#gap ??= { seq: linked.seq, why: linked.why };
  }

  #wrongWith(signed: SignedHead | undefined): string | undefined {
    const { publicKey, unsigned = false } = this.#options;
    if (signed === undefined)
      return unsigned
        ? undefined
        : "the signed head is missing: the end was cut off, or an older version wrote the export";
    const { head } = signed;
    if (!isSigned(signed)) return "the signature of the head is wrong: the head was changed";
    if (publicKey !== undefined && publicKey.toLowerCase() !== signed.publicKey)
      return `it is signed with another key: ${signed.publicKey}`;
    const isAsSaid =
      head.entries === this.#entries &&
      head.first === this.#first &&
      head.last === (this.#head?.seq ?? null) &&
      head.hash === (this.#head?.hash ?? null) &&
      head.linesHash === this.#lines.copy().digest("hex");
    return isAsSaid ? undefined : "the lines are not those that the head was signed for";
  }
}

/** The line as a signed head; undefined when it is none, or not written just as `ExportWriter` writes it: no byte of it can be changed unseen. */
function signedHeadIn(line: string): SignedHead | undefined {
  const { head, publicKey = "", signature = "" }: Partial<SignedHead> = parse(line) ?? {};
  if (head?.format !== FORMAT || !/^[0-9a-f]{64}$/.test(publicKey) || !/^[0-9a-f]{128}$/.test(signature))
    return undefined;
  const signed: SignedHead = { head, publicKey, signature };
  return lineOf(signed) === line ? signed : undefined;
}

function isSigned({ head, publicKey, signature }: SignedHead): boolean {
  try {
    const x = Buffer.from(publicKey, "hex").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verifySignature(null, Buffer.from(canonicalJson(head), "utf8"), key, Buffer.from(signature, "hex"));
  } catch {
    return false;
  }
}

function parseEntry(line: string): AuditEntry | undefined {
  const value: Partial<AuditEntry> | undefined = line.endsWith("\n") ? parse(line) : undefined;
  return Number.isSafeInteger(value?.seq) && typeof value?.hash === "string" && typeof value.previousHash === "string"
    ? (value as AuditEntry)
    : undefined;
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A public key in the short form that people compare: the first 16 digits of its SHA-256, in fours. */
export function fingerprintOf(publicKey: string): string {
  const hex = digest("sha256", Buffer.from(publicKey, "hex"), "hex").slice(0, 16);
  return (hex.match(/.{4}/g) ?? []).join(" ");
}

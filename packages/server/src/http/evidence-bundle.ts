import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import type { AuditEntry, EvidenceView, ReceiptsView } from "@rampart/core";
import { Zip, type ZipInputFile } from "fflate";
import { ExportWriter } from "../domain/audit-export.ts";
import { canonicalJson } from "../domain/canonical.ts";
import { evidenceDocuments } from "../domain/evidence/documents/documents.ts";
import { PAGE_MAX } from "./page.ts";
import type { HttpParts } from "./parts.ts";

/** Audit entries of one rollout and its flag in a bundle; one of weeks has some thousands. */
const ENTRIES_MAX = 20_000;

type BundleParts = Pick<HttpParts, "store" | "signer" | "clock" | "version">;

/** All of a rollout in one archive: the documents, their data, the plan, the audit, and a signed list of what is in it. */
export async function evidenceBundle(parts: BundleParts, evidence: EvidenceView): Promise<Uint8Array> {
  const files: readonly (readonly [name: string, text: string])[] = [
    ...evidenceDocuments(evidence).map(({ name, text }) => [name, text] as const),
    ["evidence.json", `${JSON.stringify(evidence, null, 2)}\n`],
    ["plan.yaml", evidence.plan.text],
    ["series.csv", seriesCsv(evidence)],
    ...(evidence.rollback === undefined ? [] : [["receipts.csv", receiptsCsv(evidence.rollback)] as const]),
    ["audit.ndjson", await auditOf(parts, evidence)],
  ];
  return packed([...files, ["manifest.json", manifestOf(parts, evidence, files)]], parts.clock.now());
}

/** Names every file with its SHA-256, signed with the key of the audit. */
function manifestOf(
  { signer, version }: BundleParts,
  { rollout, plan, madeAt }: EvidenceView,
  files: readonly (readonly [name: string, text: string])[],
): string {
  const manifest = {
    format: "rampart-evidence/1",
    rollout: rollout.id,
    flag: rollout.flag,
    environment: rollout.environment,
    planDigest: plan.digest,
    madeAt,
    madeBy: `rampart ${version}`,
    files: files.map(([name, text]) => ({ name, sizeBytes: Buffer.byteLength(text), sha256: sha256(text) })),
  };
  const { publicKey } = signer;
  return `${JSON.stringify({ manifest, publicKey, signature: signer.sign(canonicalJson(manifest)) }, null, 2)}\n`;
}

/** The audit's entries about the rollout, and those about its flag from its making on. */
async function auditOf(parts: BundleParts, { rollout }: EvidenceView): Promise<string> {
  const own = await entriesOn(parts, `rollout/${rollout.id}`, 0);
  const since = (own[0]?.seq ?? 1) - 1;
  const { environment, endedAt } = rollout;
  const onFlag = (await entriesOn(parts, `flag/${rollout.flag}`, since)).filter(
    (entry) =>
      (entry.environment === undefined || entry.environment === environment) &&
      (endedAt === undefined || entry.at <= endedAt || isReceiptsOf(entry, rollout.id)),
  );
  const writer = new ExportWriter();
  const lines = [...own, ...onFlag].toSorted((a, b) => a.seq - b.seq).map((entry) => writer.line(entry));
  const end = writer.end({ isWhole: false, exportedAt: new Date(parts.clock.now()).toISOString() }, parts.signer);
  return lines.join("") + end;
}

function isReceiptsOf({ action, after }: AuditEntry, id: string): boolean {
  return action === "receipts.closed" && (after as { readonly rollout?: unknown } | undefined)?.rollout === id;
}

async function entriesOn({ store }: BundleParts, target: string, after: number): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let from = after; entries.length < ENTRIES_MAX;) {
    const page = await store.audit({ target, after: from, order: "oldest", limit: PAGE_MAX });
    entries.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_MAX) break;
    from = last.seq;
  }
  return entries;
}

function seriesCsv({ series }: EvidenceView): string {
  const rows = series.flatMap(({ metric, unit, points }) =>
    points.map(({ at, samples, min, max, last }) => [metric, unit, at, samples, min, max, last]),
  );
  return csv(["metric", "unit", "at", "samples", "min", "max", "last"], rows);
}

/** The clients that did not confirm, under what is known of all. */
function receiptsCsv(rollback: ReceiptsView): string {
  const { verdict, expected, acknowledged, alreadyOff, applied, stragglers, revision, committedAt } = rollback;
  const head: readonly (readonly [string, string | number])[] = [
    ["revision", revision],
    ["committedAt", committedAt],
    ["verdict", verdict],
    ["expected", expected],
    ["acknowledged", acknowledged],
    ["alreadyOff", alreadyOff],
    ["appliedP50Ms", applied?.p50Ms ?? ""],
    ["appliedP99Ms", applied?.p99Ms ?? ""],
    ["appliedMaxMs", applied?.maxMs ?? ""],
  ];
  const missing = stragglers.map(({ instanceId, sdk, address, revision: had, lastContactAt, offAt }) => [
    "missing",
    instanceId,
    sdk,
    address,
    had,
    lastContactAt,
    offAt ?? "",
  ]);
  const all = head.map(([name, value]) => [name, value, "", "", "", "", ""]);
  return csv(
    ["what", "value or client", "sdk", "address", "had revision", "last contact", "off by its lease at"],
    [...all, ...missing],
  );
}

function csv(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [titles, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** As RFC 4180 has it. A text that a spreadsheet would take for a formula is not one here. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Files as a ZIP archive. They are deflated off this thread, one after the other: a kill must not wait for an archive. */
async function packed(files: readonly (readonly [name: string, text: string])[], now: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const archive = new Zip((error, chunk) => {
    if (error !== null) throw error;
    chunks.push(chunk);
  });
  for (const [filename, text] of files) {
    const content = Buffer.from(text, "utf8");
    const file: ZipInputFile = {
      filename,
      mtime: now,
      compression: DEFLATED,
      size: content.length,
      crc: crc32(content),
    };
    const deflated = await deflate(content);
    archive.add(file);
    file.ondata?.(null, deflated, true);
  }
  archive.end();
  return Buffer.concat(chunks);
}

/** ZIP's number of the method. */
const DEFLATED = 8;

const deflate = promisify<Uint8Array, Buffer<ArrayBuffer>>((content, done) => deflateRaw(content, done));

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

import { createReadStream } from "node:fs";
import type { AuditEntry } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { CliError, usageError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import { count, plural } from "../../output/format.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { entriesOf } from "./entries.ts";

interface VerifyOptions {
  readonly file?: string;
  readonly head?: string;
}

/** Entries that are hashed in one go: enough to cost nothing, few enough to hold. */
const BATCH_ENTRIES = 500;

export const defineVerify: Define = (audit, bind) => {
  audit
    .command("verify")
    .summary("check that no entry was changed, moved or taken out")
    .description(
      "Check the hash chain of the audit: on the server's record, or offline on an export. Entries cut off at the end show only against a head that was noted before: --head.",
    )
    .option("--file <path>", "verify this export without a server; - reads stdin")
    .option("--head <hash>", "the record must hold the entry with this hash, as an earlier verify printed it")
    .action(
      bind<readonly [], VerifyOptions>(async (run, _args, options) => {
        if (options.head !== undefined && !/^[0-9a-f]{64}$/i.test(options.head)) {
          throw usageError(
            `"${options.head}" is not a head`,
            "a head is the 64 hexadecimal digits that audit verify prints",
          );
        }
        const pieces =
          options.file === undefined
            ? (await run.api()).stream({ path: paths.auditExport })
            : fileText(run, options.file);
        const result = await verify(entriesOf(pieces), options.head?.toLowerCase());
        if (result.kind === "intact") {
          run.print({ intact: true, entries: result.entries, head: result.head ?? null }, () =>
            intactText(run, result),
          );
          return EXIT.ok;
        }
        run.print({ intact: false, entries: result.entries, seq: result.seq, why: result.why }, () => "");
        throw new CliError({
          code: "AUDIT_BROKEN",
          message: `the audit is broken at entry ${result.seq}: ${result.why}`,
          lines: [`${plural(result.entries, "entry").replace(/entrys/, "entries")} before it are intact`],
        });
      }),
    );
};

type Result =
  | {
      readonly kind: "intact";
      readonly entries: number;
      readonly head: { readonly seq: number; readonly hash: string } | undefined;
    }
  | { readonly kind: "broken"; readonly entries: number; readonly seq: number; readonly why: string };

async function verify(entries: AsyncIterable<AuditEntry>, expectedHead: string | undefined): Promise<Result> {
  const { verifyChain } = await import("@rampart/server");
  let head: { readonly seq: number; readonly hash: string } | undefined;
  let seen = expectedHead === undefined;
  let batch: AuditEntry[] = [];
  const check = (): Result | undefined => {
    const verdict = verifyChain(batch, head);
    if (verdict.kind === "broken")
      return { kind: "broken", entries: verdict.seq - 1, seq: verdict.seq, why: verdict.why };
    head = verdict.head;
    batch = [];
    return undefined;
  };
  for await (const entry of entries) {
    batch.push(entry);
    seen ||= entry.hash === expectedHead;
    const broken = batch.length >= BATCH_ENTRIES ? check() : undefined;
    if (broken !== undefined) return broken;
  }
  const broken = check();
  if (broken !== undefined) return broken;
  const length = head?.seq ?? 0;
  if (!seen)
    return {
      kind: "broken",
      entries: length,
      seq: length + 1,
      why: "the entry with the given head is not in the record: it was cut off or rewritten",
    };
  return { kind: "intact", entries: length, head };
}

async function* fileText(run: Run, path: string): AsyncGenerator<string> {
  if (path === "-") {
    yield run.io.stdin.read();
    return;
  }
  try {
    for await (const piece of createReadStream(path, { encoding: "utf8" })) yield String(piece);
  } catch (error) {
    throw new CliError({
      code: "FILE_UNREADABLE",
      message: `can't read ${path}: ${(error as Error).message}`,
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

function intactText(run: Run, result: Extract<Result, { readonly kind: "intact" }>): string {
  if (result.head === undefined) return "the audit is empty\n";
  return `${run.style("green", "intact")}: ${count(result.entries)} ${result.entries === 1 ? "entry" : "entries"}\nhead: ${result.head.hash}\n`;
}

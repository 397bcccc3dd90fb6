import { createReadStream } from "node:fs";
import type { ExportVerdict, VerifyOptions } from "@rampart/server";
import { paths } from "../../api/paths.ts";
import { CliError, usageError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import { count, moment } from "../../output/format.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import type { AuditKey } from "./key.ts";
import { linesOf } from "./lines.ts";

interface Options {
  readonly file?: string;
  readonly head?: string;
  readonly key?: string;
  readonly unsigned?: boolean;
}

const NOTES = `
Without a file the server's own record is checked, and its signature against the server's key. With one, nothing is asked of a server: give the key
with --key, as rampart audit key printed it, else anybody's signature counts.
`;

/** `rampart audit verify [FILE]` */
export const defineVerify: Define = (audit, bind) => {
  audit
    .command("verify")
    .summary("check that no entry was changed, moved, taken out or cut off")
    .description(
      "Check the audit: every entry's hash, the chain of them, and the signature over all of it. On the server's record, or offline on an export.",
    )
    .argument("[file]", "verify this export without a server; - reads stdin")
    .option("--file <path>", "the same as the argument")
    .option("--key <hex>", "the public key that must have signed it, as rampart audit key prints it")
    .option("--head <hash>", "the record must hold the entry with this hash, as an earlier verify printed it")
    .option(
      "--unsigned",
      "accept an export without a signature, as older versions wrote them: a cut-off end does not show",
    )
    .addHelpText("after", NOTES)
    .action(
      bind<readonly [file: string | undefined], Options>(async (run, [argument], options) => {
        const file = argument ?? options.file;
        const expected = expectedOf(options);
        const verdict = await verify(
          linesOf(file === undefined ? (await run.api()).stream({ path: paths.auditExport }) : fileText(run, file)),
          { ...expected, ...(file === undefined && expected.publicKey === undefined && (await serversKey(run))) },
        );
        if (verdict.kind === "broken") throw brokenError(run, verdict);
        run.print(jsonOf(verdict), () => intactText(run, verdict));
        if (!run.json && file !== undefined && expected.publicKey === undefined && verdict.signed !== undefined)
          run.note("anybody's signature counts without --key; compare it with: rampart audit key");
        return EXIT.ok;
      }),
    );
};

type Intact = Extract<ExportVerdict, { readonly kind: "intact" }>;

function expectedOf({ head, key, unsigned }: Options): VerifyOptions {
  if (head !== undefined && !isHex(head))
    throw usageError(`"${head}" is not a head`, "a head is the 64 hexadecimal digits that audit verify prints");
  if (key !== undefined && !isHex(key))
    throw usageError(`"${key}" is not a key`, "a key is the 64 hexadecimal digits that audit key prints");
  return {
    ...(head !== undefined && { mustHold: head.toLowerCase() }),
    ...(key !== undefined && { publicKey: key.toLowerCase() }),
    ...(unsigned === true && { unsigned }),
  };
}

const isHex = (text: string): boolean => /^[0-9a-f]{64}$/i.test(text);

async function serversKey(run: Run): Promise<Pick<VerifyOptions, "publicKey">> {
  const api = await run.api();
  return { publicKey: (await api.request<AuditKey>({ path: paths.auditKey })).publicKey };
}

async function verify(lines: AsyncIterable<string>, options: VerifyOptions): Promise<ExportVerdict> {
  const { ExportVerifier } = await import("@rampart/server");
  const verifier = new ExportVerifier(options);
  for await (const line of lines) if (!verifier.take(line)) break;
  return verifier.end();
}

function brokenError(run: Run, { entries, seq, why }: Extract<ExportVerdict, { readonly kind: "broken" }>): CliError {
  run.print({ intact: false, entries, seq, why }, () => "");
  return new CliError({
    code: "AUDIT_BROKEN",
    message: `the audit is broken at entry ${seq}: ${why}`,
    lines: [`${count(entries)} ${entries === 1 ? "entry" : "entries"} before it are intact`],
  });
}

function jsonOf({ entries, head, signed }: Intact) {
  return {
    intact: true,
    entries,
    head: head ?? null,
    ...(signed && {
      signed: { publicKey: signed.publicKey, exportedAt: signed.head.exportedAt, isWhole: signed.head.isWhole },
    }),
  };
}

function intactText(run: Run, { entries, head, signed }: Intact): string {
  const part = signed?.head.isWhole === false ? ", a part of the record" : "";
  return [
    head === undefined
      ? "the audit is empty"
      : `${run.style("green", "intact")}: ${count(entries)} ${entries === 1 ? "entry" : "entries"}${part}`,
    ...(head === undefined ? [] : [`head: ${head.hash}`]),
    ...(signed === undefined
      ? ["not signed"]
      : [`signed: ${moment(signed.head.exportedAt)} UTC by ${signed.publicKey}`]),
    "",
  ].join("\n");
}

async function* fileText(run: Run, path: string): AsyncGenerator<string> {
  if (path === "-") {
    yield run.io.stdin.read();
    return;
  }
  // A byte that is no UTF-8 was not written by an export: shown, and not read as something else.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    for await (const piece of createReadStream(path)) yield decoder.decode(piece as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    const isDamaged = error instanceof TypeError;
    throw new CliError({
      code: isDamaged ? "AUDIT_BROKEN" : "FILE_UNREADABLE",
      message: isDamaged
        ? `the audit is broken: ${path} holds bytes that no export holds`
        : `can't read ${path}: ${(error as Error).message}`,
      exitCode: isDamaged ? EXIT.failure : EXIT.usage,
      cause: error,
    });
  }
}

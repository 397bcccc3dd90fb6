import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import type { EvidenceView } from "@rampart/core";
import { paths } from "../../../api/paths.ts";
import { CliError, usageError } from "../../../errors.ts";
import { EXIT } from "../../../exit.ts";
import type { Define } from "../../group.ts";
import { findRollout, WHICH } from "../which.ts";

const FORMATS = ["md", "json", "zip"] as const;
type Format = (typeof FORMATS)[number];

interface EvidenceOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly output?: string;
}

const NOTES = `
md    documents for people: the incident report or the record of success, the deployment log, then all the grounds
json  the same as data, as --json
zip   the documents, their data, the plan, the audit's entries, and a signed list of the files; needs --out
`;

/** `rampart rollout evidence ROLLOUT` */
export const defineEvidence: Define = (rollout, bind) => {
  rollout
    .command("evidence")
    .summary("what was kept of a rollout: incident report, deployment log, record of success, and the grounds")
    .description(
      "Print or save what was kept of a rollout: what happened, what was measured, where a rollback's time went, who approved and ticked what, and all of it as documents that can be sent on. Secrets are left out; what nobody told the server is said to be unknown.",
    )
    .argument("<rollout>", WHICH)
    .addOption(
      new Option("--format <format>", "md, json or zip (default: by the file's name, else md)").choices(FORMATS),
    )
    .option("-o, --out <file>", "write it to a file instead")
    .addOption(new Option("--output <file>").hideHelp())
    .addHelpText("after", NOTES)
    .action(
      bind<readonly [name: string], EvidenceOptions>(async (run, [name], options) => {
        const out = options.out ?? options.output;
        if (run.json && options.format !== undefined && options.format !== "json")
          throw usageError(`--json and --format ${options.format} contradict each other`);
        const format = run.json ? "json" : (options.format ?? formatOf(out));
        if (format === "zip" && out === undefined)
          throw usageError(
            "an archive needs a file",
            "rampart rollout evidence ROLLOUT --format zip --out evidence.zip",
          );
        const api = await run.api();
        const { id } = await findRollout(run, api, name);
        const call = { path: paths.rolloutEvidence(id), query: { format }, accept: "*/*" };
        const content =
          format === "json"
            ? `${JSON.stringify(await api.request<EvidenceView>(call), null, 2)}\n`
            : Buffer.concat(await all(api.bytes(call)));
        if (out === undefined) {
          run.io.stdout.write(content.toString());
          return;
        }
        await save(out, content);
        run.note(`wrote ${out}`);
      }),
    );
};

function formatOf(out: string | undefined): Format {
  const [, ending = ""] = /\.(\w+)$/.exec(out?.toLowerCase() ?? "") ?? [];
  return FORMATS.find((format) => format === ending) ?? "md";
}

/** Documents of the longest rollouts have some megabytes. */
const CONTENT_BYTES_MAX = 256 * 1024 * 1024;

async function all(pieces: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of pieces) {
    sizeBytes += piece.byteLength;
    if (sizeBytes > CONTENT_BYTES_MAX)
      throw new CliError({
        code: "ANSWER_TOO_LARGE",
        message: `the server's answer is larger than ${CONTENT_BYTES_MAX} bytes`,
      });
    found.push(piece);
  }
  return found;
}

async function save(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CliError({
      code: "FILE_UNWRITABLE",
      message: `can't write ${path}: ${code}`,
      exitCode: EXIT.failure,
      cause: error,
    });
  }
}

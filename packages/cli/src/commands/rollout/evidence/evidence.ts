import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import type { EvidenceView } from "@rampart/core";
import { paths } from "../../../api/paths.ts";
import { CliError, usageError } from "../../../errors.ts";
import { EXIT } from "../../../exit.ts";
import type { Define } from "../../group.ts";
import { findRollout, WHICH } from "../which.ts";
import { evidenceMarkdown } from "./markdown.ts";

type Format = "json" | "md";

interface EvidenceOptions {
  readonly format?: Format;
  readonly output?: string;
}

export const defineEvidence: Define = (rollout, bind) => {
  rollout
    .command("evidence")
    .summary("what was kept of a rollout's decisions")
    .description(
      "Print what was kept of a rollout: its plan and digest, the verdicts that each stage ended on, approvals, ticks and the whole timeline.",
    )
    .argument("<rollout>", WHICH)
    .addOption(
      new Option(
        "--format <format>",
        "Markdown for people, or JSON as --json (default: by the file's name, else md)",
      ).choices(["md", "json"]),
    )
    .option("-o, --output <file>", "write it to a file instead")
    .action(
      bind<readonly [name: string], EvidenceOptions>(async (run, [name], { format, output }) => {
        if (run.json && format === "md") throw usageError("--json and --format md contradict each other");
        const api = await run.api();
        const { id } = await findRollout(run, api, name);
        const evidence = await api.request<EvidenceView>({ path: paths.rolloutEvidence(id) });
        const isJson = run.json || (format ?? formatOf(output)) === "json";
        const text = isJson ? `${JSON.stringify(evidence, null, 2)}\n` : evidenceMarkdown(evidence);
        if (output === undefined) {
          run.io.stdout.write(text);
          return;
        }
        await save(output, text);
        run.note(`wrote ${output}`);
      }),
    );
};

function formatOf(output: string | undefined): Format {
  return output?.toLowerCase().endsWith(".json") === true ? "json" : "md";
}

async function save(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
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

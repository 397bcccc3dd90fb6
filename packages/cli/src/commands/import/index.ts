import { basename } from "node:path";
import { Option } from "commander";
import { withPatience } from "../../api/patient.ts";
import type { Api } from "../../api/types.ts";
import { CliError, usageError } from "../../errors.ts";
import { EXIT, type ExitCode } from "../../exit.ts";
import type { Applied } from "../../import/apply.ts";
import type { ImportPlan, Present } from "../../import/plan.ts";
import { FORMATS, type Converted, type Format } from "../../import/types.ts";
import { readText } from "../../input/file.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { appliedText, planText, resultOf } from "./view.ts";

interface ImportOptions {
  readonly from?: Format;
  readonly sourceEnvironment?: string;
  readonly only?: readonly string[];
  readonly segmentPrefix?: string;
  readonly apply?: boolean;
  readonly replace?: boolean;
  readonly failOn?: FailOn;
  readonly reason?: string;
}

/** What makes an import end with a failure, although it was done: the first word, or either of them. */
const FAIL_ON = ["cannot", "differs"] as const;
type FailOn = (typeof FAIL_ON)[number];

/** Ten thousand flags with a few rules each. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** Items between two lines that say how far it is: some seconds. */
const PROGRESS_EVERY = 250;

const EXAMPLES = `
Examples:
  rampart import flags.json                                what would be made, and what can't be carried over
  rampart import flags.json --apply                        make it, in production
  rampart import flags.json --apply --fail-on cannot       for CI
  rampart import flags.json --only checkout banner --apply -e staging
  rampart export -e staging > flags.json && rampart import flags.json --replace --apply -e production

A flag goes over whole or not at all. What is on for everybody there is on for everybody here; who is in a percentage is drawn anew.

Exit codes: 0 done or shown, whatever stayed behind, 1 could not be done or --fail-on, 2 wrong usage or a file can't be read
`;

/** `rampart import FILE` */
export const define: Define = (command, bind) => {
  command
    .argument("<file>", "what the other product's SDKs are sent or its API lists, JSON or YAML; - is stdin")
    .addOption(new Option("--from <format>", "whose file it is (default: what it looks like)").choices(FORMATS))
    .option("--source-environment <name>", "the environment in the file, where it holds several")
    .option("--only <keys...>", "only these flags, and the segments that they need")
    .option("--segment-prefix <text>", "what segments' names begin with here, to keep environments apart")
    .option("--apply", "do it, instead of only showing it")
    .option("--replace", "what is here otherwise becomes what is in the file")
    .addOption(
      new Option(
        "--fail-on <step>",
        "fail if something can't be carried over (cannot), or is here otherwise, too (differs)",
      ).choices(FAIL_ON),
    )
    .option("--reason <text>", "why, for the audit")
    .description(
      "Take over flags and segments from LaunchDarkly, Unleash, flagd (the file format of OpenFeature), GrowthBook, or a file of rampart export. Without --apply it only shows what it would do, and what of each flag can't be carried over.",
    )
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [file: string], ImportOptions>(async (run, [path], options): Promise<ExitCode> => {
        const { format, converted } = await readImport(run, path, options);
        const api = withPatience(await run.api(), (ms) => run.io.sleep(ms));
        const [{ planImport, writes }, { presentIn }] = await Promise.all([
          import("../../import/plan.ts"),
          import("../../import/present.ts"),
        ]);
        const present = await presentIn(
          api,
          run.environment,
          converted.flags.map(({ key }) => key),
        );
        const plan = planImport(converted, present, { only: options.only ?? [], replace: options.replace === true });
        const about = { format, environment: run.environment };
        if (options.apply !== true) {
          run.print(resultOf(about, plan, undefined), () => planText(run, about, plan));
          if (writes(plan) && !run.json) run.note("nothing was written; do it: add --apply");
          return checked(plan, options.failOn);
        }
        const reason = options.reason ?? `imported from ${format}: ${path === "-" ? "stdin" : basename(path)}`;
        const applied = await write(run, api, { plan, present, reason });
        run.print(resultOf(about, plan, applied), () => `${planText(run, about, plan)}${appliedText(run, applied)}`);
        return applied.failed.length === 0 ? checked(plan, options.failOn) : EXIT.failure;
      }),
    );
};

/** Throws when something stayed behind that --fail-on asks for. */
function checked({ segments, flags }: ImportPlan, failOn: FailOn | undefined): ExitCode {
  const counts = FAIL_ON.slice(0, failOn === undefined ? 0 : FAIL_ON.indexOf(failOn) + 1);
  const behind = [...segments, ...flags].filter(({ kind }) => counts.some((one) => one === kind));
  if (behind.length === 0) return EXIT.ok;
  const keys = behind.map(({ key }) => key).join(", ");
  throw new CliError({ code: "LEFT_BEHIND", message: `${behind.length} did not go over: ${keys}` });
}

/** Reads, recognises, converts and checks a file. */
async function readImport(
  run: Run,
  path: string,
  options: ImportOptions,
): Promise<{ readonly format: Format; readonly converted: Converted }> {
  const where = path === "-" ? "stdin" : path;
  const [
    text,
    { parseDocument },
    { CONVERTERS, formatOf },
    { ITEMS_MAX, settle },
    { withSegmentPrefix },
    { linearRegex },
  ] = await Promise.all([
    readText(run.io, path, FILE_BYTES_MAX),
    import("../../import/parse.ts"),
    import("../../import/formats.ts"),
    import("../../import/settle.ts"),
    import("../../import/prefix.ts"),
    import("../../import/regex.ts"),
  ]);
  const file = await parseDocument(where, text);
  const recognised = formatOf(file);
  const format = options.from ?? recognised;
  const lookalike = recognised === format ? undefined : recognised;
  if (format === undefined)
    throw usageError(`${where} looks like no format that is known`, `say which it is: --from ${FORMATS.join("|")}`);
  const conversion = CONVERTERS[format](file, { environment: options.sourceEnvironment });
  if (conversion.kind === "refused") throw usageError(`${where}: ${conversion.message}`, conversion.advice);
  const { flags, segments, archived } = conversion;
  if (flags.length === 0 && segments.length === 0 && archived.length === 0)
    throw usageError(
      `${where} holds no flags of ${format}`,
      lookalike === undefined ? "is it the right file? --from says whose it is" : `it looks like ${lookalike}`,
    );
  if (Math.max(flags.length, segments.length) > ITEMS_MAX)
    throw usageError(
      `${where} holds ${flags.length} flags and ${segments.length} segments`,
      `at most ${ITEMS_MAX} of each go in at once: --only names some`,
    );
  const unknown = (options.only ?? []).filter((key) => flags.every((flag) => flag.key !== key));
  if (unknown.length > 0) {
    const left = unknown.filter((key) => archived.includes(key));
    throw usageError(
      `${where} holds no flag ${unknown.join(", ")}`,
      ...(left.length === 0 ? [] : [`in the archive there: ${left.join(", ")}`]),
    );
  }
  const prefixed = withSegmentPrefix(conversion, options.segmentPrefix ?? "");
  const converted = settle(prefixed, { regex: linearRegex });
  if (lookalike !== undefined) {
    if (converted.flags.every(({ whole }) => whole === undefined))
      throw usageError(
        `${where} looks like ${lookalike}, and no flag of it can be read as ${format}`,
        `leave --from out, or say --from ${lookalike}`,
      );
    run.note(`${where} looks like ${lookalike}, and is read as ${format}`);
  }
  return { format, converted };
}

async function write(
  run: Run,
  api: Api,
  { plan, present, reason }: { readonly plan: ImportPlan; readonly present: Present; readonly reason: string },
): Promise<Applied> {
  const { applyPlan } = await import("../../import/apply.ts");
  const onProgress = (done: number, total: number): void => {
    if (!run.json && done % PROGRESS_EVERY === 0) run.note(`${done} of ${total}`);
  };
  return applyPlan(api, plan, { environment: run.environment, reason, present, onProgress });
}

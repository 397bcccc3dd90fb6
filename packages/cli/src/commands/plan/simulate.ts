import type { Status } from "@rampart/server/plan";
import { CliError, usageError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import { readText } from "../../input/file.ts";
import { plural } from "../../output/format.ts";
import { printable } from "../../output/text.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { problemsText, readPlanFile } from "./read.ts";

interface SimulateOptions {
  readonly scenario: string;
  readonly expect?: string;
}

const EXAMPLES = `
Examples:
  rampart plan simulate plan.yaml --scenario breach.yaml
  rampart plan simulate plan.yaml --scenario breach.yaml --json
  rampart plan simulate plan.yaml --scenario breach.yaml --expect rolledBack     for CI

A scenario says what the metrics do and who does what, on a clock of its own:
  start: 2026-01-05T02:00:00Z
  metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 26h, value: 6% }], p95: 200ms }
  events: [{ at: 24h5m, approve: engineering-lead }, { at: 25h, tick: all }]
  until: 10d

Exit codes: 0 played, 1 not valid or not the outcome expected, 2 a file can't be read
`;

/** `rampart plan simulate FILE --scenario FILE` */
export const defineSimulate: Define = (command, bind) => {
  command
    .argument("<file>", "a plan in YAML; - reads it from stdin")
    .requiredOption("--scenario <file>", "what the metrics do and who does what, in YAML")
    .option("--expect <outcome>", "fail unless it ends so: completed, rolledBack, paused, awaiting, running, …")
    .description(
      "Play a plan against a scenario with the engine that runs it in production, on a virtual clock: days in milliseconds.",
    )
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [file: string], SimulateOptions>(async (run, [path], { scenario: scenarioPath, expect }) => {
        if (path === "-" && scenarioPath === "-") throw usageError("only one of the two can come from stdin");
        const { parseScenario, renderSimulation, reportOf, simulate, STATUSES } = await import("@rampart/server/plan");
        const expected = expect === undefined ? undefined : outcomeOf(expect, STATUSES);
        const planFile = await readPlanFile(run, path);
        if (!planFile.parsed.ok) return invalid(run, planFile.file, planFile.text, planFile.parsed.problems);
        const { plan } = planFile.parsed;
        const text = await readText(run.io, scenarioPath);
        const parsed = parseScenario(text, plan);
        if (!parsed.ok) return invalid(run, scenarioPath, text, parsed.problems);
        const simulation = simulate(plan, parsed.scenario);
        run.print(
          reportOf(simulation),
          () => `${renderSimulation(plan, simulation).split("\n").map(printable).join("\n").trimEnd()}\n`,
        );
        if (expected === undefined || simulation.outcome === expected) return EXIT.ok;
        throw new CliError({ code: "UNEXPECTED_OUTCOME", message: `it ended ${simulation.outcome}, not ${expected}` });
      }),
    );
};

function outcomeOf(text: string, known: readonly Status[]): Status {
  const outcome = known.find((one) => one === text);
  if (outcome === undefined) throw usageError(`"${text}" is no outcome`, `allowed: ${known.join(", ")}`);
  return outcome;
}

function invalid(run: Run, file: string, text: string, problems: Parameters<typeof problemsText>[3]) {
  const end = run.style("red", `${plural(problems.length, "problem")} in ${file}`);
  run.print({ valid: false, file, problems }, () => `${problemsText(run, file, text, problems)}${end}\n`);
  return EXIT.failure;
}

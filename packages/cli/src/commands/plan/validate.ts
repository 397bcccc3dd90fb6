import type * as planModule from "@rampart/server/plan";
import { EXIT } from "../../exit.ts";
import { plural } from "../../output/format.ts";
import { fields, table } from "../../output/table.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { problemsText, rampText, readPlanFile, warningsText, type PlanFile } from "./read.ts";

interface ValidateOptions {
  readonly strict?: boolean;
}

type PlanModule = typeof planModule;
type Valid = Extract<PlanFile["parsed"], { ok: true }>;

const EXAMPLES = `
Examples:
  rampart plan validate plan.yaml
  rampart plan validate plan.yaml --strict       warnings fail too: for CI
  rampart plan validate - < plan.yaml

Exit codes: 0 valid, 1 not valid, 2 the file can't be read
`;

/** `rampart plan validate FILE` */
export const defineValidate: Define = (command, bind) => {
  command
    .argument("<file>", "a plan in YAML; - reads it from stdin")
    .option("--strict", "let warnings fail, too")
    .description(
      "Tell every mistake of a plan at once, with its line and what was meant; then what deserves a second thought, and how long a rollback takes at most.",
    )
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [file: string], ValidateOptions>(async (run, [path], { strict }) => {
        const file = await readPlanFile(run, path);
        const { parsed } = file;
        if (!parsed.ok) {
          run.print({ valid: false, problems: parsed.problems }, () => refusal(run, file, parsed.problems.length));
          return EXIT.failure;
        }
        const module = await import("@rampart/server/plan");
        run.print(document(parsed, module), () => verdict(run, file, parsed, module));
        return strict === true && parsed.warnings.length > 0 ? EXIT.failure : EXIT.ok;
      }),
    );
};

function refusal(run: Run, { file, text, parsed }: PlanFile, count: number): string {
  const problems = parsed.ok ? [] : parsed.problems;
  return `${problemsText(run, file, text, problems)}${run.style("red", `${plural(count, "problem")} in ${file}`)}\n`;
}

function document({ plan, warnings }: Valid, { comparedTests, rollbackBounds, variablesOfPlan }: PlanModule) {
  return {
    valid: true,
    name: plan.name,
    digest: plan.digest,
    warnings,
    bounds: rollbackBounds(plan),
    falseAlarms: comparedTests(plan).map(({ key, alpha }) => ({ comparison: key, alpha })),
    leaseMs: plan.leaseMs ?? null,
    variables: variablesOfPlan(plan),
  };
}

function verdict(run: Run, { file, text }: PlanFile, { plan, warnings }: Valid, module: PlanModule): string {
  const { formatDuration, variablesOfPlan } = module;
  const variables = variablesOfPlan(plan);
  const about = fields(
    [
      ["plan", { text: plan.name, paint: "bold" }],
      ["flag", `${plan.flag} in ${plan.environment}`],
      ["stages", rampText(plan, formatDuration)],
      ["digest", plan.digest],
      ["variables", variables.length === 0 ? undefined : variables.join(", ")],
    ],
    run.style,
  );
  const lease =
    plan.leaseMs === undefined
      ? ""
      : `A client without contact goes off by itself within ${formatDuration(plan.leaseMs)}.\n`;
  const end =
    warnings.length === 0
      ? run.style("green", `${file} is valid`)
      : run.style("yellow", `${file} is valid, with ${plural(warnings.length, "warning")}`);
  return `${warningsText(run, file, text, warnings)}${about}${boundsText(run, plan, module)}${lease}${budgetText(plan, module)}\n${end}\n`;
}

/**
 * How long each rollback trigger takes. "At least 5 % for 2 minutes" can mean a rate over two minutes, or one that stays up for two: the columns say
 * what this plan means. A query that looks back shows a breach just over its limit only when the breach fills what it looks at.
 */
function boundsText(run: Run, plan: Valid["plan"], { formatDuration, rollbackBounds }: PlanModule): string {
  const bounds = rollbackBounds(plan);
  if (bounds.length === 0) return "";
  const length = (ms: number): string => (ms === 0 ? "-" : formatDuration(ms));
  const rows = bounds.map(({ trigger, stage, boundMs, forMs, reactMs, lookbackMs = 0 }) => [
    stage === undefined ? trigger : `${trigger} (${stage})`,
    formatDuration(boundMs),
    formatDuration(boundMs + lookbackMs),
    length(forMs),
    formatDuration(reactMs),
    length(lookbackMs),
  ]);
  const columns = ["rollback trigger", "sharp", "slight", "of it for", "of it sampling to off", "query looks back"];
  const titles = columns.map((title) => ({ title }));
  const lines = table(titles, rows, { style: run.style, columns: run.io.stdout.columns });
  return `\nFrom a breach in its source to off in every connected client, at most, of a sharp breach and of one that is just over the limit:\n${lines}`;
}

/** What comparing may cost a healthy rollout, and how that is split. */
function budgetText(plan: Valid["plan"], { compareText, comparedTests }: PlanModule): string {
  const tests = comparedTests(plan);
  if (tests.length === 0) return "";
  const percent = (alpha: number): string => `${Number((alpha * 100).toPrecision(3))} %`;
  const total = tests.reduce((sum, { alpha }) => sum + alpha, 0);
  const parts = tests.map(({ compare, alpha }) => `${compareText(compare)} ${percent(alpha)}`);
  return `Comparing with users without the flag takes back at most ${percent(total)} of rollouts that are healthy: ${parts.join(", ")}.\n`;
}

import type { BacktestView } from "@rampart/core";
import type { BacktestRequest } from "@rampart/server/backtest";
import type { Plan } from "@rampart/server/plan";
import { paths } from "../../api/paths.ts";
import { CliError, usageError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import { parseDuration } from "../../input/duration.ts";
import { parseInstant } from "../../input/instant.ts";
import { collect, parsePair } from "../../input/pairs.ts";
import { plural } from "../../output/format.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { backtestText } from "./backtest-text.ts";
import { problemsText, readPlanFile } from "./read.ts";

interface BacktestOptions {
  readonly days: string;
  readonly from?: string;
  readonly to?: string;
  readonly prometheus?: string;
  readonly var?: readonly string[];
  readonly stage?: string;
  readonly step?: string;
  readonly every?: string;
  readonly start?: string;
  readonly onServer?: boolean;
  readonly failOn?: string;
}

const DAY_MS = 86_400_000;
/** A server stops reading after a minute, and then plays. */
const SERVER_TIMEOUT_MS = 120_000;
const FAIL_ON = ["rollback", "pause"] as const;
type FailOn = (typeof FAIL_ON)[number];

const EXAMPLES = `
Examples:
  rampart plan backtest plan.yaml --prometheus http://prometheus:9090
  rampart plan backtest plan.yaml --days 30 --step 1m
  rampart plan backtest plan.yaml --from 2026-01-05T08:00Z --to 2026-01-05T20:00Z   a known incident
  rampart plan backtest plan.yaml --var PROMETHEUS_URL=http://prometheus:9090 --var TOKEN=…
  rampart plan backtest plan.yaml --fail-on rollback                                for CI

Each trigger is watched over the whole time as if users had been exposed: when would it have fired, and
how close did it come? And rollouts of the plan are started every six hours: what would have become of them?
Variables of the plan come from --var and the environment; metrics that name no server are asked for at
RAMPART_PROMETHEUS_URL. With --on-server the server reads them, with its variables and its way to them.

Exit codes: 0 done, 1 could not be done or --fail-on, 2 wrong usage or a file can't be read
`;

/** `rampart plan backtest FILE` */
export const defineBacktest: Define = (command, bind) => {
  command
    .argument("<file>", "a plan in YAML; - reads it from stdin")
    .option("--days <number>", "how far to look back", "7")
    .option("--from <instant>", "from then on, in place of --days")
    .option("--to <instant>", "until then; default: now")
    .option("--prometheus <url>", "ask this server for all metrics, whichever the plan names")
    .option("--var <name=value>", "what a ${NAME} of the plan stands for; more than once", collect)
    .option("--stage <name>", "watch the triggers and criteria of this stage only")
    .option("--step <duration>", "sample more rarely than the plan's interval does")
    .option("--every <duration>", "start a rollout this often; default: 6h")
    .option("--start <instant>", "start one rollout, then")
    .option("--on-server", "let the server do it, which reaches the metrics")
    .option("--fail-on <action>", "fail if that would have happened: rollback, or pause (either of them)")
    .description(
      "Play a plan against what its metrics said in the past: which triggers would have fired, and what would have become of rollouts.",
    )
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [file: string], BacktestOptions>(async (run, [path], options) => {
        const request = requestOf(run, options);
        const failOn = failOnOf(options.failOn);
        const { file, text, parsed } = await readPlanFile(run, path);
        if (!parsed.ok) {
          const { problems } = parsed;
          const end = run.style("red", `${plural(problems.length, "problem")} in ${file}`);
          run.print({ valid: false, file, problems }, () => `${problemsText(run, file, text, problems)}${end}\n`);
          return EXIT.failure;
        }
        const report =
          options.onServer === true
            ? await backtestByServer(run, text, { request, options })
            : await backtestHere(run, parsed.plan, { request, options });
        run.print(report, () => backtestText(run, report));
        const reason = failOn && failureOf(report, failOn);
        if (reason === undefined) return EXIT.ok;
        throw new CliError({ code: "WOULD_HAVE_STOPPED", message: reason });
      }),
    );
};

function requestOf(run: Run, { days, from, to, stage, step, every, start }: BacktestOptions): BacktestRequest {
  const now = run.io.now();
  const instant = (text: string): number => Date.parse(parseInstant(text, now));
  const end = to === undefined ? now : instant(to);
  if (end > now) throw usageError("what is to come has no history", "let --to lie before now, or leave it out");
  const amount = Number(days);
  if (!(amount > 0 && amount <= 366)) throw usageError(`"${days}" is no number of days`, "allowed: above 0, up to 366");
  const begin = from === undefined ? end - amount * DAY_MS : instant(from);
  if (begin > now) throw usageError("what is to come has no history", "let --from lie before now");
  if (every !== undefined && start !== undefined) throw usageError("--every and --start are two ways of saying when");
  return {
    from: begin,
    to: end,
    ...(step !== undefined && { stepMs: parseDuration(step) }),
    ...(stage !== undefined && { stage }),
    ...(every !== undefined && { starts: { kind: "every", everyMs: parseDuration(every) } }),
    ...(start !== undefined && { starts: { kind: "at", at: instant(start) } }),
  };
}

interface Asked {
  readonly request: BacktestRequest;
  readonly options: BacktestOptions;
}

async function backtestByServer(run: Run, plan: string, { request, options }: Asked): Promise<BacktestView> {
  if (options.prometheus !== undefined || options.var !== undefined)
    throw usageError("--prometheus and --var are for a backtest here", "a server asks with its own variables");
  const { from, to, stepMs, stage, starts } = request;
  const body = {
    plan,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...(stepMs !== undefined && { stepMs }),
    ...(stage !== undefined && { stage }),
    ...(starts?.kind === "every" && { everyMs: starts.everyMs }),
    ...(starts?.kind === "at" && { startAt: new Date(starts.at).toISOString() }),
  };
  const api = await run.api({ timeoutMs: run.global.requestTimeout ?? SERVER_TIMEOUT_MS });
  return api.request<BacktestView>({ method: "POST", path: paths.planBacktest, body });
}

async function backtestHere(run: Run, plan: Plan, { request, options }: Asked): Promise<BacktestView> {
  const [{ prepareBacktest, runBacktest }, history] = await Promise.all([
    import("@rampart/server/backtest"),
    historyFor(run, options),
  ]);
  const prepared = prepareBacktest(plan, request);
  if (!prepared.ok) throw usageError(prepared.reason, prepared.hint);
  const { metrics } = prepared.backtest;
  let read = 0;
  const result = await runBacktest(prepared.backtest, {
    history,
    rest: () => Promise.resolve(),
    onRead: (metric) => run.note(`reading ${metric} (${++read} of ${metrics.length})`),
  });
  if (result.kind === "done") return result.report;
  throw new CliError({
    code: "NO_HISTORY",
    message: `${result.metric} can't be read: ${result.reason}`,
    lines: [`asked: ${result.query}`, result.hint],
  });
}

/** Where the past comes from: the server that was typed, else those that the plan names. */
async function historyFor({ io }: Run, { prometheus, var: pairs = [] }: BacktestOptions) {
  const [{ createPrometheusHistory, historyAt, historyWithVariables }, { fetchEgress }] = await Promise.all([
    import("@rampart/server/backtest"),
    import("../../api/fetch-egress.ts"),
  ]);
  const variables = new Map(pairs.map((pair) => parsePair("--var", pair)));
  const defaultUrl = variables.get("RAMPART_PROMETHEUS_URL") ?? io.env["RAMPART_PROMETHEUS_URL"];
  const asked = createPrometheusHistory({ egress: fetchEgress(io), ...(defaultUrl !== undefined && { defaultUrl }) });
  const filled = historyWithVariables(asked, (name) => variables.get(name) ?? io.env[name]);
  return prometheus === undefined ? filled : historyAt(filled, urlOf(prometheus));
}

function urlOf(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw usageError(`"${text}" is no address`, "example: --prometheus http://prometheus:9090");
}

function failOnOf(text: string | undefined): FailOn | undefined {
  const action = FAIL_ON.find((one) => one === text);
  if (text !== undefined && action === undefined)
    throw usageError(`"${text}" is nothing to fail on`, `allowed: ${FAIL_ON.join(", ")}`);
  return action;
}

function failureOf({ triggers, gaps }: BacktestView, failOn: FailOn): string | undefined {
  const counts = (action: string): boolean => action === "rollback" || (failOn === "pause" && action === "pause");
  const fired = triggers.filter((one) => one.fired > 0 && counts(one.action)).map(({ name }) => `trigger ${name}`);
  const missing = gaps.filter(({ action }) => counts(action)).map(({ metric }) => `missing data of ${metric}`);
  const causes = [...new Set([...fired, ...missing])];
  if (causes.length === 0) return undefined;
  return `a rollout would have been ${failOn === "rollback" ? "taken back" : "stopped"} by ${causes.join(", ")}`;
}

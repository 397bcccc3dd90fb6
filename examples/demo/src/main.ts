/**
 * `npm run demo`: a server on a fresh data folder, a sample service of three processes under steady traffic, and two rollouts that ramp
 * by their plans until the new code breaks, and take it back by themselves: one by a threshold, one by comparing users.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Fleet } from "./fleet.ts";
import { serveMetrics, type MetricSourceOfDemo } from "./metrics-server.ts";
import { Operator } from "./operator.ts";
import { comparedPlanText, FLAG, planText } from "./plan.ts";
import { startPrometheus } from "./prometheus.ts";
import { lineScreen, terminalScreen } from "./screen.ts";
import { startServer } from "./server.ts";
import { COMPARED_SCENE, tell, THRESHOLD_SCENE, type Outcome, type Scene } from "./story.ts";
import { summary } from "./summary.ts";

const SERVICES = 3;
const READY_TIMEOUT_MS = 15_000;
/** For the first scene's summary, before the second one begins. */
const READING_MS = 4000;

const USAGE = `Usage: npm run demo [-- --once | --stay] [--prometheus]

  --once         end with a summary (the default)
  --stay         keep the server and the services running afterwards
  --prometheus   ask a real Prometheus, which must be installed, for the error rate
`;

interface Options {
  readonly stay: boolean;
  readonly prometheus: boolean;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === "help") return print(USAGE, 0);
  if (options === "wrong") return print(USAGE, 2);
  process.stderr.write("Starting the server and three services …\n");
  // Closed in the reverse order, whatever happens.
  const opened: (() => Promise<void>)[] = [];
  try {
    return await run(options, (close) => opened.push(close));
  } finally {
    for (const close of opened.toReversed()) await close();
  }
}

async function run(options: Options, later: (close: () => Promise<void>) => void): Promise<number> {
  const server = await startServer();
  later(() => server.close());
  const fleet = new Fleet({ size: SERVICES, url: server.url, sdkKey: server.sdkKey, flag: FLAG });
  later(() => fleet.close());
  const metrics = await serveMetrics(fleet);
  later(() => metrics.close());
  const source = await metricSource(options, metrics.url, later);
  if (!(await fleet.until(() => fleet.views().every((view) => view.state === "ready"), READY_TIMEOUT_MS))) {
    throw new Error("the services did not become ready");
  }
  const write = (text: string) => process.stdout.write(text);
  const live = process.stdout.isTTY;
  const title = `${server.url} · fresh data folder · ${SERVICES} processes with the SDK`;
  const screen = live ? terminalScreen(write, title, !process.env["NO_COLOR"]) : lineScreen(write);
  const stagehands = {
    operator: new Operator(server.url, server.adminToken),
    fleet,
    pause: (ms: number) => wait(ms),
    show: (scene: Scene) => screen.show(scene),
  };
  const first = await tell(THRESHOLD_SCENE, planText(source), stagehands);
  write(summary(first));
  if (live) await wait(READING_MS);
  const second = await tell(COMPARED_SCENE, comparedPlanText(source), stagehands);
  // On a terminal the picture has taken the first summary's place.
  write(live ? summary(first) + summary(second) : summary(second));
  if (options.stay) await stay(server.url, server.adminToken, second.rollout.id);
  return [first, second].every(wentAsTold) ? 0 : 1;
}

async function metricSource(
  options: Options,
  metricsUrl: string,
  later: (close: () => Promise<void>) => void,
): Promise<MetricSourceOfDemo> {
  if (!options.prometheus) return { kind: "http", url: `${metricsUrl}/stats` };
  const prometheus = await startPrometheus(metricsUrl);
  later(() => prometheus.close());
  return { kind: "prometheus", url: prometheus.url };
}

function wentAsTold({ rollout, services }: Outcome): boolean {
  return (
    rollout.status === "rolledBack" &&
    rollout.recovery?.state === "recovered" &&
    services.every((service) => service.onShare === 0)
  );
}

async function stay(url: string, token: string, rollout: string): Promise<void> {
  process.stdout.write(
    [
      "  Everything keeps running; Ctrl-C ends it. In another terminal:",
      `    export RAMPART_URL=${url} RAMPART_TOKEN=${token}`,
      `    npm run -s rampart -- rollout evidence ${rollout} --format md`,
      `    npm run -s rampart -- flags restore ${FLAG}`,
      `    npm run -s rampart -- flags set ${FLAG} --percentage 5`,
      "    npm run -s rampart -- clients",
      "",
    ].join("\n"),
  );
  await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
}

function readOptions(): Options | "help" | "wrong" {
  try {
    const flag = { type: "boolean" } as const;
    const { values } = parseArgs({
      options: { once: flag, stay: flag, prometheus: flag, help: { ...flag, short: "h" } },
    });
    if (values.help) return "help";
    if (values.once && values.stay) return "wrong";
    return { stay: values.stay === true, prometheus: values.prometheus === true };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return "wrong";
  }
}

function print(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});

/**
 * `npm run demo`: a server on a fresh data folder, a sample service of three processes under steady traffic, and a flag that ramps,
 * breaks, and is killed. `--once` ends by itself (the default), `--stay` keeps everything running for you to play with.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Fleet } from "./fleet.ts";
import { Operator } from "./operator.ts";
import { lineScreen, summary, terminalScreen } from "./screen.ts";
import { startServer } from "./server.ts";
import { FLAG, tell } from "./story.ts";

const SERVICES = 3;
const READY_TIMEOUT_MS = 15_000;

const USAGE = `Usage: npm run demo [-- --once | --stay]

  --once   end with a summary (the default)
  --stay   keep the server and the services running afterwards
`;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === "help") return print(USAGE, 0);
  if (options === "wrong") return print(USAGE, 2);

  process.stderr.write("Starting the server and three services …\n");
  const server = await startServer();
  const fleet = new Fleet({ size: SERVICES, url: server.url, sdkKey: server.sdkKey, flag: FLAG });
  try {
    if (!(await fleet.until(() => fleet.views().every((view) => view.state === "ready"), READY_TIMEOUT_MS))) {
      throw new Error("the services did not become ready");
    }
    const write = (text: string) => process.stdout.write(text);
    const live = process.stdout.isTTY;
    const colour = live && !process.env["NO_COLOR"];
    const title = `${server.url} · fresh data folder · ${SERVICES} processes with the SDK`;
    const screen = live ? terminalScreen(write, () => fleet.views(), title, colour) : lineScreen(write, () => fleet.views());
    const outcome = await tell({
      operator: new Operator(server.url, server.adminToken),
      fleet,
      pause: (ms) => wait(ms),
      show: (scene) => screen.show(scene),
    });
    screen.close();
    write(summary(outcome));
    if (options === "stay") await stay(server.url, server.adminToken);
    return outcome.final.every((view) => view.onShare === 0) && outcome.steps.every((step) => step.lastAppliedAfterMs !== undefined) ? 0 : 1;
  } finally {
    await fleet.close();
    await server.close();
  }
}

async function stay(url: string, token: string): Promise<void> {
  process.stdout.write(
    [
      "  Everything keeps running; Ctrl-C ends it. In another terminal:",
      `    export RAMPART_URL=${url} RAMPART_TOKEN=${token}`,
      `    npm run -s rampart -- flags restore ${FLAG}`,
      `    npm run -s rampart -- flags set ${FLAG} --percentage 5`,
      "    npm run -s rampart -- clients",
      "",
    ].join("\n"),
  );
  await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
}

function readOptions(): "once" | "stay" | "help" | "wrong" {
  try {
    const { values } = parseArgs({ options: { once: { type: "boolean" }, stay: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
    if (values.help) return "help";
    if (values.once && values.stay) return "wrong";
    return values.stay ? "stay" : "once";
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

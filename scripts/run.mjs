/** `npm run X` calls `node scripts/run.mjs X`: set-up first, then the task. The tasks are the table below. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { audit } from "./audit.mjs";
import { mutate } from "./mutation.mjs";
import { writeBill } from "./sbom.mjs";
import { ROOT, build, fail, run, setUp } from "./setup.mjs";
import { runNightly } from "./nightly.mjs";
import { takeScreenshots } from "./screenshots.mjs";
import { simulate } from "./sim.mjs";
import { runTests } from "./test.mjs";

const CLI = join(ROOT, "packages", "cli", "dist", "bin.js");

const TASKS = {
  build: () => build({ force: true }),
  lint: () => process.exit(lint()),
  test: (args) => runTests(args),
  sim: (args) => process.exit(simulate(args)),
  nightly: (args) => {
    build();
    process.exit(runNightly(args));
  },
  screenshots: () => takeScreenshots(),
  start: (args) => withBuild(CLI, ["server", ...args]),
  rampart: (args) => withBuild(CLI, args),
  demo: (args) => withBuild(join(ROOT, "examples", "demo", "dist", "main.js"), args),
  sbom: (args) => writeBill(args),
  audit: () => process.exit(audit()),
  mutation: (args) => process.exit(mutate(args)),
  bench: (args) => withBuild(join(ROOT, "bench", "main.mjs"), args),
};

const [name, ...args] = process.argv.slice(2);
const task = TASKS[name];
if (!task) fail(`Unknown task ${JSON.stringify(name)}; there is ${Object.keys(TASKS).join(", ")}.`);
setUp();
await task(args);

/** Runs a program of the build in place of this one: same terminal, same signals, same exit code. */
function withBuild(program, programArgs) {
  build();
  const child = spawn(process.execPath, [program, ...programArgs], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${program} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      process.exitCode = signal ? 128 + (signal === "SIGINT" ? 2 : 15) : (code ?? 1);
      resolve();
    });
  });
}

function lint() {
  const bin = (tool) => join(ROOT, "node_modules", ".bin", tool);
  build();
  return (
    run(bin("oxlint"), ["--type-aware", "--deny-warnings"]) ||
    run(bin("oxfmt"), ["--check"]) ||
    run(bin("tsc"), ["-p", "tsconfig.tests.json"]) ||
    run(bin("tsc"), ["-p", "packages/sdk-browser/tsconfig.tests.json"]) ||
    run(bin("knip"), [])
  );
}

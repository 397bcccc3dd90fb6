/**
 * All suites, one after the other (two cores: busy ones side by side only make each other flaky), then what took long, then the line
 * `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { installDebianPackages } from "./debian-packages.mjs";
import { ROOT, build, say, seconds } from "./setup.mjs";

/** `unit` runs from source; `sim` plays thousands of seeds in a world of its own; `e2e` starts the built programs in processes of their own, serially; `waits` does so side by side where it is mostly waiting; `browser` shows them to real Chromium. */
const PROJECTS = ["unit", "sim", "e2e", "waits", "browser"];
const SLOWEST_SHOWN = 10;
/** Of a failed test, what is told again at the end: its first lines, for logs of which only the end is kept. */
const FAILURES_SHOWN = 20;
const FAILURE_LINES = 12;

export function runTests(args) {
  build();
  installDebianPackages();
  const folder = mkdtempSync(join(tmpdir(), "rampart-test-"));
  try {
    const reports = PROJECTS.map((project) => runProject(project, args, folder));
    summarise(reports);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runProject(project, args, folder) {
  const output = join(folder, `${project}.json`);
  const started = Date.now();
  say(`\n── ${project} ──`);
  const { status } = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--project",
      project,
      "--passWithNoTests",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${output}`,
      ...args,
    ],
    { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] },
  );
  say(`${project} took ${seconds(started)}.`);
  return { project, status: status ?? 1, ...readReport(output) };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function summarise(reports) {
  const files = reports.flatMap((report) => report.testResults ?? []);
  const slowest = files
    .map((file) => ({ name: relative(ROOT, file.name), ms: file.endTime - file.startTime }))
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST_SHOWN);
  console.log("\nSlowest files:");
  for (const { name, ms } of slowest) console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);

  const skipped = sum(reports, "numPendingTests") + sum(reports, "numTodoTests");
  const passed = sum(reports, "numPassedTests");
  // A file that cannot be loaded, or a run that crashed, has no failed test to count; it is still a failure.
  const brokenFiles = files.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const crashed = reports.filter(
    (report) => report.status !== 0 && (report.numFailedTests ?? 0) === 0 && brokenFiles === 0,
  ).length;
  const skipIsFailure = process.env.CI === "true" ? skipped : 0;
  if (skipIsFailure > 0) console.log(`${skipped} tests were skipped; with CI=true nothing may be.`);
  showFailures(files);
  const failed = sum(reports, "numFailedTests") + brokenFiles + crashed + skipIsFailure;
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function showFailures(files) {
  const failed = files.flatMap((file) => [
    ...(file.status === "failed" && file.message !== ""
      ? [{ file, title: "(the file)", messages: [file.message] }]
      : []),
    ...testsOf(file, ({ status }) => status === "failed"),
  ]);
  tellAgain(
    "Passed at the second try only",
    files.flatMap((file) => testsOf(file, isRetried)),
  );
  tellAgain("Failed", failed);
}

/** What a test that passed still has to say is why it was tried again. */
function isRetried({ status, failureMessages }) {
  return status === "passed" && failureMessages.length > 0;
}

function testsOf(file, isWanted) {
  return file.assertionResults
    .filter(isWanted)
    .map(({ fullName, failureMessages }) => ({ file, title: fullName, messages: failureMessages }));
}

function tellAgain(heading, tests) {
  if (tests.length > 0) console.log(`\n${heading}:`);
  for (const { file, title, messages } of tests.slice(0, FAILURES_SHOWN)) {
    console.log(`  ${relative(ROOT, file.name)} > ${title}`);
    for (const line of messages.join("\n").split("\n").slice(0, FAILURE_LINES)) console.log(`    ${line}`);
  }
  if (tests.length > FAILURES_SHOWN) console.log(`  … and ${tests.length - FAILURES_SHOWN} more`);
}

function sum(reports, field) {
  return reports.reduce((total, report) => total + (report[field] ?? 0), 0);
}

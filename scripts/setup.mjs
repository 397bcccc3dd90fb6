/**
 * Everything a fresh clone needs before it can do anything: the packages (through a pinned pnpm, which nobody has to install)
 * and the build. Both leave a stamp, so that a second run skips what is done. All talk goes to stderr.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** The package manager, as `npx` takes it. */
export const PNPM = "pnpm@10.34.9";
const NODE_MINIMUM = [20, 19];
const INSTALL_STAMP = join(ROOT, "node_modules", ".rampart-installed");
const BUILD_STAMP = join(ROOT, "node_modules", ".rampart-built");

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}

/** Runs a program in the root; returns its exit code. With `quiet`, its output is kept back and shown only when it fails. */
export function run(command, args, { quiet = false, env = {}, cwd = ROOT } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  return result.status ?? 1;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = NODE_MINIMUM;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(
    `Rampart needs Node ${NODE_MINIMUM.join(".")} or newer; this is ${process.versions.node}. Install an LTS release from https://nodejs.org.`,
  );
}

function workspaceFolders() {
  return ["packages", "examples"].flatMap((parent) =>
    existsSync(join(ROOT, parent))
      ? readdirSync(join(ROOT, parent))
          .map((name) => join(parent, name))
          .filter((folder) => existsSync(join(ROOT, folder, "package.json")))
      : [],
  );
}

/** What the installed packages depend on: manifests, lockfile, and the ABI that native modules were built for. */
function installKey() {
  const hash = createHash("sha256").update(`${PNPM} ${process.versions.modules} ${process.platform} ${process.arch}`);
  const files = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...workspaceFolders().map((folder) => join(folder, "package.json")),
  ];
  for (const file of files) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}

function stampIs(path, value) {
  return existsSync(path) && readFileSync(path, "utf8") === value;
}

function writeStamp(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
}

function install() {
  const key = installKey();
  if (stampIs(INSTALL_STAMP, key)) return;
  say("Installing packages (once; a minute or two where native modules have to be compiled) …");
  const started = Date.now();
  const status = run("npx", ["-y", PNPM, "install", "--frozen-lockfile", "--reporter=append-only"], {
    quiet: !process.env.CI && !process.stderr.isTTY,
  });
  if (status !== 0) fail("The packages could not be installed; the lines above say why.");
  writeStamp(INSTALL_STAMP, key);
  say(`Installed in ${seconds(started)}.`);
}

/** Newest change under the sources, in milliseconds: a stat per file is far cheaper than asking the compiler. */
function newestSource() {
  let newest = 0;
  const visit = (path) => {
    const stat = statSync(path);
    if (stat.mtimeMs > newest) newest = stat.mtimeMs;
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(path)) if (name !== "node_modules" && name !== "dist") visit(join(path, name));
  };
  for (const path of ["tsconfig.json", "tsconfig.base.json", ...workspaceFolders()]) visit(join(ROOT, path));
  return newest;
}

export function build({ force = false } = {}) {
  const key = `${newestSource()}`;
  if (!force && stampIs(BUILD_STAMP, key)) return;
  const started = Date.now();
  const status = run(process.execPath, [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-b"], {
    quiet: false,
  });
  if (status !== 0) fail("The build failed; the lines above say where.");
  if (run(process.execPath, [join(ROOT, "scripts", "bundle.mjs")]) !== 0)
    fail("The SDKs could not be bundled; the lines above say why.");
  const vite = join("node_modules", "vite", "bin", "vite.js");
  if (run(process.execPath, [vite, "build", "--logLevel", "warn"], { cwd: join(ROOT, "packages", "dashboard") }) !== 0)
    fail("The console could not be built; the lines above say why.");
  writeStamp(BUILD_STAMP, key);
  say(`Built in ${seconds(started)}.`);
}

export function setUp() {
  checkNode();
  install();
}

export function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}

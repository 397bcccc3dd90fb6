/**
 * `npm run audit`: what can be said of the packages without asking anybody (each has a checksum; only the ones that are named run a
 * script as they are installed), then the registry's known vulnerabilities, where it can be reached.
 */
import { spawnSync } from "node:child_process";
import { packagesOf, readLockfile } from "./lockfile.mjs";
import { PNPM, ROOT, say } from "./setup.mjs";

const REGISTRY_TIMEOUT_MS = 60_000;

/** Exit code: 1 for something wrong, or with CI=true for something that could not be asked. */
export function audit() {
  const packages = packagesOf(readLockfile());
  const problems = problemsOf(packages);
  for (const problem of problems) say(problem);
  say(`${packages.length} packages: ${problems.length === 0 ? "each one is pinned by its SHA-512" : "see above"}.`);
  return Math.max(problems.length === 0 ? 0 : 1, ask());
}

/** What is wrong with packages by the lockfile alone. */
export function problemsOf(packages) {
  return packages
    .filter(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""))
    .map(({ key }) => `${key} has no SHA-512 in pnpm-lock.yaml: it may come from elsewhere than the registry.`);
}

function ask() {
  const { stdout } = spawnSync("npx", ["-y", PNPM, "audit", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: REGISTRY_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const verdict = verdictOf(stdout ?? "");
  for (const line of verdict.lines) say(line);
  if (verdict.kind === "unknown") return process.env.CI === "true" ? 1 : 0;
  return verdict.kind === "clean" ? 0 : 1;
}

/** What the registry's answer means. Anything but a whole answer is unknown, and never clean. */
export function verdictOf(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return unknown("no answer");
  }
  if (answer?.error !== undefined) return unknown(String(answer.error.message ?? answer.error.code).split("\n")[0]);
  if (typeof answer?.advisories !== "object" || answer.advisories === null)
    return unknown("an answer of another shape");
  const advisories = Object.values(answer.advisories);
  return {
    kind: advisories.length === 0 ? "clean" : "vulnerable",
    lines: [
      ...advisories.map(
        ({ severity, module_name, vulnerable_versions, title, url }) =>
          `${severity}: ${module_name} ${vulnerable_versions}: ${title} (${url})`,
      ),
      `The registry knows of ${advisories.length} vulnerabilities in them.`,
    ],
  };
}

const unknown = (why) => ({
  kind: "unknown",
  lines: [
    `KNOWN VULNERABILITIES WERE NOT CHECKED: the registry could not be asked (${why}). Run this again where it can be.`,
  ],
});

/**
 * The real counterparts that the tests run against, as Debian packages. Installed where apt-get is to be had and we may use it; elsewhere
 * the suites that need them say that they were left out, and with CI=true that is a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { say, seconds } from "./setup.mjs";

/** Program → package. */
const PROGRAMS = {
  prometheus: "prometheus",
  promtool: "prometheus",
  "prometheus-alertmanager": "prometheus-alertmanager",
  chromium: "chromium",
  curl: "curl",
  nginx: "nginx",
  zsh: "zsh",
  fish: "fish",
};

export function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Installs what is missing; never fails, since the suites decide what a missing program means. */
export function installDebianPackages() {
  const missing = [
    ...new Set(Object.entries(PROGRAMS).flatMap(([program, name]) => (isOnPath(program) ? [] : [name]))),
  ];
  if (missing.length === 0) return;
  if (!isOnPath("apt-get") || process.getuid?.() !== 0) {
    say(
      `Not installed: ${missing.join(", ")}. The tests that need them will be left out; as root on Debian they would be installed.`,
    );
    return;
  }
  say(`Installing ${missing.join(", ")} through apt-get (once) …`);
  const started = Date.now();
  const options = { stdio: ["ignore", "ignore", 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const install = () =>
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], options).status === 0;
  const done = install() || (spawnSync("apt-get", ["update", "-qq"], options).status === 0 && install());
  say(
    done
      ? `Installed in ${seconds(started)}.`
      : `apt-get could not install ${missing.join(", ")}; the tests that need them will be left out.`,
  );
}

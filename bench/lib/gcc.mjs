import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BENCH } from "./paths.mjs";

const programs = new Map();
let folder;

/** Compiles `c/NAME.c` into a folder that goes with the process, once. Throws when there is no compiler. */
export function compile(name) {
  const known = programs.get(name);
  if (known !== undefined) return known;
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), "rampart-bench-c-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  const program = join(folder, name);
  const result = spawnSync("gcc", ["-O2", "-Wall", "-o", program, join(BENCH, "c", `${name}.c`)], { encoding: "utf8" });
  if (result.error !== undefined)
    throw new Error(
      `${name}.c needs gcc, which could not be started (${result.error.message}); install gcc and libc6-dev`,
    );
  if (result.status !== 0) throw new Error(`${name}.c does not compile: ${result.stderr}`);
  programs.set(name, program);
  return program;
}

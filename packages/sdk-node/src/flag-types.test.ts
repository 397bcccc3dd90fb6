import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expectTypeOf, it } from "vitest";
import type { FlagClient } from "./index.ts";

const PROGRAM = fileURLToPath(new URL("../types-test", import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

it("takes any text for a flag key while none is declared", () => {
  expectTypeOf<Parameters<FlagClient["isEnabled"]>[0]>().toEqualTypeOf<string>();
});

it("takes only declared flag keys in a program that declares them under this package's name", () => {
  // The program says itself which of its lines must not compile. It is one of its own because a declaration holds for a whole program.
  execFileSync(process.execPath, [TSC, "-p", PROGRAM], { encoding: "utf8", stdio: "pipe" });
});

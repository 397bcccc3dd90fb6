import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));

/** The part of vite that is needed; it comes with vitest. */
interface Bundler {
  build(options: object): Promise<unknown>;
}

/**
 * Makes one file of a program, so that a test can run it in a process of its own without a build of the whole. The file lies inside the
 * package, where the program's dependencies are found, and is gone after the test.
 */
export async function bundleProgram(entry: string): Promise<string> {
  const vitePath = createRequire(createRequire(import.meta.url).resolve("vitest/package.json")).resolve("vite");
  const vite = (await import(pathToFileURL(vitePath).href)) as Bundler;
  const outDir = mkdtempSync(join(PACKAGE, "node_modules", ".program-"));
  onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
  await vite.build({
    configFile: false,
    logLevel: "error",
    root: PACKAGE,
    resolve: { conditions: ["source"] },
    ssr: { resolve: { conditions: ["source"] } },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { entryFileNames: "program.mjs" } },
    },
  });
  return join(outDir, "program.mjs");
}

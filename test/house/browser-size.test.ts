import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleBrowserSdk, type BrowserFile } from "../../scripts/browser-bundle.mjs";

/** What a page loads for `createClient`, gzipped: 5 kB. */
const CLIENT_BYTES_MAX = 5_000;
const REACT_BYTES_MAX = 1_500;
const OPENFEATURE_BYTES_MAX = 1_126;
/** Loaded with the first `run` or `track`. */
const REPORTER_BYTES_MAX = 1_000;

let files: Readonly<Record<"index" | "reporter" | "react" | "openfeature", BrowserFile>>;
beforeAll(async () => {
  files = await bundleBrowserSdk({ from: "src" });
});

/** What an application's bundler makes of a program that uses the SDK. */
async function appOf(program: string): Promise<string> {
  const bundle = await rolldown({
    input: "app",
    platform: "browser",
    external: ["./reporter.js", "react", "react/jsx-runtime", "@openfeature/web-sdk"],
    plugins: [
      {
        name: "sdk",
        resolveId: (id) => {
          if (id === "app") return id;
          // As its package.json says.
          return id.startsWith("@rampart/sdk-browser") ? { id, moduleSideEffects: manifest.sideEffects } : undefined;
        },
        load: (id) => {
          if (id === "app") return program;
          if (id === "@rampart/sdk-browser") return files.index.code;
          if (id === "@rampart/sdk-browser/openfeature") return files.openfeature.code;
          return id === "@rampart/sdk-browser/react" ? files.react.code : undefined;
        },
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return output[0].code;
}

const manifest = JSON.parse(
  readFileSync(new URL("../../packages/sdk-browser/package.json", import.meta.url), "utf8"),
) as { readonly sideEffects: boolean; readonly dependencies?: object };

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

describe("the browser SDK", () => {
  it("costs a page at most 5 kB, and the reporter 1 kB more once something is measured", async () => {
    expect(gzipped(await appOf(`export { createClient } from "@rampart/sdk-browser"`))).toBeLessThanOrEqual(
      CLIENT_BYTES_MAX,
    );
    expect(gzipped(files.reporter.code)).toBeLessThanOrEqual(REPORTER_BYTES_MAX);
  });

  it("leaves nothing of a bare import", async () => {
    expect(await appOf(`import "@rampart/sdk-browser"; import "@rampart/sdk-browser/react";`)).toBe("");
  });

  it("adds at most 1.5 kB for React", async () => {
    const hooks = `export { RampartProvider, useFlag, useFlagDetails, useRampart } from "@rampart/sdk-browser/react"`;
    expect(gzipped(await appOf(hooks))).toBeLessThanOrEqual(REACT_BYTES_MAX);
  });

  it("adds at most 1.1 kB for OpenFeature", async () => {
    const provider = `export { RampartProvider } from "@rampart/sdk-browser/openfeature"`;
    expect(gzipped(await appOf(provider))).toBeLessThanOrEqual(OPENFEATURE_BYTES_MAX);
  });

  it("depends on nothing, but on React and OpenFeature where they are used", () => {
    expect(manifest.dependencies).toBeUndefined();
    expect([files.index.imports, files.reporter.imports]).toEqual([[], []]);
    expect(files.index.dynamicImports).toEqual(["./reporter.js"]);
    expect(files.react.imports).toEqual(["react", "react/jsx-runtime"]);
    expect(files.openfeature.imports).toEqual(["@openfeature/web-sdk"]);
  });
});

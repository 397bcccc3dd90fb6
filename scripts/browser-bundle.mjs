/**
 * The browser SDK as it is published: each entry in one file with what it needs of core, small enough to be a page's first script.
 * What pages do not always need (the reporter of measures) is a file of its own, loaded when it is first called for.
 */
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "./setup.mjs";

/**
 * Properties that never leave a file: neither part of the surface, nor of what is said to the server, nor methods of the platform. Their
 * names are shortened, which no minifier does by itself.
 */
const INTERNAL =
  /^(via|contact|history|useCache|disconnect|connect|begin|move|behind|parted|leases|heard|inherit|refused|silent|settled|lost|problem|asked|hear|identity|send|onVia|take|all|at|backoffBaseMs|backoffMaxMs|openTimeoutMs|firstByteMs|firstFrameMs|watchdogMs|settleMs|pollIntervalMs|pollAfterFailures|refusedRetryMs|retryAfterMaxMs|wallNow|emit|changed|told|overhear|emitter|silenceMs|leftEpochs|contactAt|savedAt|values|kind|name)$/;

const ENTRIES = {
  index: { mangled: true },
  reporter: { mangled: false },
  react: { mangled: false },
  openfeature: { mangled: false },
};

/** The files, by entry. `from`: `src` with the export condition `source`, or `dist`. */
export async function bundleBrowserSdk({ from }) {
  const folder = join(ROOT, "packages", "sdk-browser", from);
  const extension = from === "src" ? "ts" : "js";
  const files = {};
  for (const [entry, { mangled }] of Object.entries(ENTRIES)) {
    const bundle = await rolldown({
      input: join(folder, `${entry}.${from === "src" && entry === "react" ? "tsx" : extension}`),
      // Other entries, and packages that are not ours.
      external: (id, importer) =>
        importer !== undefined && (/reporter\.[jt]s$/.test(id) || (/^[^./]/.test(id) && !id.startsWith("@rampart/"))),
      platform: "browser",
      // Objects here are plain: to read of one does nothing.
      treeshake: { propertyReadSideEffects: false },
      // Not core's bundle: of one large file more is left over than of many small ones.
      resolve: { alias: { "@rampart/core": join(ROOT, "packages", "core", from, `index.${extension}`) } },
    });
    const { output } = await bundle.generate({
      format: "esm",
      sourcemap: true,
      // Hints for bundlers, of which nothing comes: a page's bytes.
      comments: false,
      paths: (id) => (/reporter\.[jt]s$/.test(id) ? "./reporter.js" : id),
      minify: {
        compress: true,
        mangle: { toplevel: true },
        ...(mangled ? { mangleProps: { include: INTERNAL } } : {}),
      },
    });
    await bundle.close();
    files[entry] = output[0];
  }
  return files;
}

import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const BENCH = dirname(dirname(fileURLToPath(import.meta.url)));
export const ROOT = dirname(BENCH);

/** URL of a file in a package's build: what users run, not the sources. */
export const built = (name, file = "index.js") => pathToFileURL(join(ROOT, "packages", name, "dist", file)).href;

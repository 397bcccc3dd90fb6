import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const BENCH = dirname(dirname(fileURLToPath(import.meta.url)));
export const ROOT = dirname(BENCH);

/**
 * URL of what a package's users import, or of a file of its build: never the sources.
 *
 * @param {string} name the package's folder
 * @param {string} [file] below `dist`
 */
export function built(name, file) {
  const folder = join(ROOT, "packages", name);
  if (file !== undefined) return pathToFileURL(join(folder, "dist", file)).href;
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return pathToFileURL(join(folder, exports["."].default)).href;
}

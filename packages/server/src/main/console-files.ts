import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { ConsoleFile, ConsoleFiles } from "../http/console-files.ts";

/** Where the console's build puts its files, in the package and in a checkout alike. */
const FOLDER = fileURLToPath(new URL("../../dist/console", import.meta.url));

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** Below this a compressed file saves no packet. */
const COMPRESSED_MIN_BYTES = 1024;

/** Reads the console's files into memory: a few hundred kilobytes, and no path of a request ever touches the disk. */
export function readConsoleFiles(): ConsoleFiles {
  let names: readonly string[];
  try {
    names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  } catch {
    return new Map();
  }
  const known = names.filter((name) => CONTENT_TYPES[extname(name)] !== undefined);
  return new Map(known.map((name) => [`/${name}`, read(name)]));
}

function read(name: string): ConsoleFile {
  const body = readFileSync(join(FOLDER, name));
  const contentType = CONTENT_TYPES[extname(name)] ?? "application/octet-stream";
  return { contentType, body, ...(body.length < COMPRESSED_MIN_BYTES ? {} : { gzipped: gzipSync(body) }) };
}

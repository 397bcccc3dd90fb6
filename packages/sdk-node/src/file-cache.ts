import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { CachePort } from "@rampart/core";

/** No cache of ours is larger: twice the largest snapshot. */
export const CACHE_BYTES_MAX = 64 * 1024 * 1024;

let temporaryFiles = 0;

/** A cache in one file. It is written aside, synced and renamed, so that a crash leaves the old text or the new one. Readable by its owner only. */
export function createFileCache(path: string): CachePort {
  return { load: () => load(path), save: (text) => save(path, text) };
}

async function load(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size > CACHE_BYTES_MAX)
      throw new Error(`${path} has ${size} bytes, more than ${CACHE_BYTES_MAX}: it is no cache of this SDK`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function save(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  temporaryFiles += 1;
  const aside = `${path}.${process.pid}-${temporaryFiles}.tmp`;
  try {
    await writeSynced(aside, text);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself last. Not every system can sync a folder; the file is whole without it. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows refuses to open folders.
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

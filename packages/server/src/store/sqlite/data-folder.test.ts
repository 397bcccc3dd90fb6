import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../ports/store-error.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { openDataFolder } from "./data-folder.ts";

const NOBODY = 65_534;

function failure(act: () => unknown): StoreError {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("it should have been refused");
}

describe("a data folder", () => {
  it("is made for its owner only, with all folders above it", () => {
    const path = join(temporaryFolder(), "var", "rampart");
    const folder = openDataFolder(path, 42);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(folder.databasePath).toBe(join(path, "rampart.db"));
    folder.release();
  });

  it("is held by one server at a time, and the next one is told by whom", () => {
    const path = temporaryFolder();
    const first = openDataFolder(path, 42);
    const refused = failure(() => openDataFolder(path, 43));
    expect(refused.code).toBe("DATA_FOLDER_IN_USE");
    expect(refused.message).toContain(path);
    expect(refused.message).toContain("process 42");
    expect(refused.hint).toContain("--data-dir");
    first.release();
    openDataFolder(path, 43).release();
  });

  it("can be released twice, and the second time lets nobody else go", () => {
    const path = temporaryFolder();
    const first = openDataFolder(path, 42);
    first.release();
    const second = openDataFolder(path, 43);
    first.release();
    expect(readFileSync(join(path, "server.pid"), "utf8")).toBe("43\n");
    expect(failure(() => openDataFolder(path, 44)).code).toBe("DATA_FOLDER_IN_USE");
    second.release();
  });

  it("is taken over from a server that left its files behind", () => {
    const path = temporaryFolder();
    writeFileSync(join(path, "server.lock"), "");
    writeFileSync(join(path, "server.pid"), "41\n");
    const folder = openDataFolder(path, 42);
    expect(readFileSync(join(path, "server.pid"), "utf8")).toBe("42\n");
    folder.release();
  });

  it("is refused when it is a file, or lies below one", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below")]) {
      const refused = failure(() => openDataFolder(path, 42));
      expect(refused.code).toBe("DATA_FOLDER_UNUSABLE");
      expect(refused.message).toContain(path);
      expect(refused.message).toContain("is a file");
    }
  });

  it("is refused when it can't be written, by name and with what to do", () => {
    const path = join(temporaryFolder(), "locked");
    mkdirSync(path);
    chmodSync(path, 0o500);
    const refused = asOrdinaryUser(() => failure(() => openDataFolder(path, 42)));
    expect(refused).toMatchObject({ code: "DATA_FOLDER_UNUSABLE", hint: expect.stringContaining("RAMPART_DATA_DIR") });
    expect(refused.message).toBe(`the data folder ${path} can't be used: this user may not write there`);
    expect(existsSync(join(path, "server.lock"))).toBe(false);
  });
});

/** Root may write everywhere. */
function asOrdinaryUser<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

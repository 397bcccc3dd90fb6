import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "./client.ts";
import { CACHE_BYTES_MAX, createFileCache } from "./file-cache.ts";
import { FlagServer } from "./testing/flag-server.ts";
import { deltaOf, FLAG, flagAt, snapshotOf } from "./testing/frames.ts";
import { until } from "./testing/time.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rampart-cache-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the cache file", () => {
  it("gives back what was saved, and nothing before", async () => {
    const cache = createFileCache(join(folder, "a", "b", "values"));
    expect(await cache.load()).toBeUndefined();
    await cache.save("one");
    await cache.save("two · ünïcödé");
    expect(await cache.load()).toBe("two · ünïcödé");
  });

  it("can be read by its owner only, and leaves nothing beside it", async () => {
    const path = join(folder, "own", "values");
    await createFileCache(path).save("text");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "own")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "own"))).toEqual(["values"]);
  });

  it("is whole after many saves at once", async () => {
    const cache = createFileCache(join(folder, "values"));
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map((text) => cache.save(text)));
    expect(texts).toContain(await cache.load());
    expect(readdirSync(folder)).toEqual(["values"]);
  });

  it("that is absurdly large is not read", async () => {
    const path = join(folder, "values");
    writeFileSync(path, "");
    truncateSync(path, CACHE_BYTES_MAX + 1);
    await expect(createFileCache(path).load()).rejects.toThrow("no cache of this SDK");
  });

  it("rejects where it can't be written, and leaves nothing behind", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(createFileCache(join(folder, "file", "values")).save("text")).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("a client with a cache folder", () => {
  it("serves the last values after a restart without a server, and never those before a kill", async () => {
    const server = await new FlagServer(snapshotOf(flagAt(5))).start();
    const options = { url: server.url, sdkKey: "rs_key", cacheDir: folder };
    const first = createClient(options);
    expect((await first.init()).status).toBe("ready");
    server.stream.send("delta", deltaOf(flagAt(6, { killed: true }), { urgent: true }));
    await until(() => readdirSync(folder).some((name) => name.endsWith(".cache")), "the urgent save");
    // No close: the process could die here.
    await server.stop();

    const second = createClient(options);
    expect(await second.init({ timeoutMs: 100 })).toMatchObject({ status: "stale", revision: 6 });
    expect(second.isEnabled(FLAG, "u", true)).toBe(false);
    await Promise.all([first.close(), second.close()]);
  });

  it("keeps one file for each server and key", async () => {
    const server = await new FlagServer(snapshotOf(flagAt(5))).start();
    for (const sdkKey of ["rs_one", "rs_two"]) {
      const client = createClient({ url: server.url, sdkKey, cacheDir: folder });
      await client.init();
      await client.close();
    }
    expect(readdirSync(folder).length).toBe(2);
    await server.stop();
  });
});

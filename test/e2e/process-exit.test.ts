import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FlagServer } from "../../packages/sdk-node/src/testing/flag-server.ts";
import { flagAt, snapshotOf } from "../../packages/sdk-node/src/testing/frames.ts";
import { freePort, temporaryFolder } from "./harness.ts";

const PROGRAM = fileURLToPath(new URL("../../packages/sdk-node/src/testing/exiting-process.mjs", import.meta.url));
const EXIT_MS = 1_000;

interface Outcome {
  readonly code: number | null;
  readonly said: string;
  /** From its last word to its end. */
  readonly lingeredMs: number;
}

/** Runs the program to its end; after 10 s it is killed. */
async function run(options: {
  readonly url: string;
  readonly timeoutMs: number;
  readonly close?: boolean;
  readonly cacheDir?: string;
}): Promise<Outcome> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 10_000,
  });
  let said = "";
  let saidAtMs = Number.NaN;
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    saidAtMs = performance.now();
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, said: said.trim(), lingeredMs: performance.now() - saidAtMs };
}

describe("a process with an open client ends by itself", () => {
  const server = new FlagServer(snapshotOf(flagAt(5)));
  const folder = temporaryFolder();

  beforeAll(() => server.start());
  afterAll(async () => {
    await server.stop();
    folder.dispose();
  });

  it("while its stream is live", async () => {
    const { code, said, lingeredMs } = await run({ url: server.url, timeoutMs: 5_000 });
    expect({ code, said }).toEqual({ code: 0, said: "ready true" });
    expect(lingeredMs).toBeLessThan(EXIT_MS);
  });

  it("with a cache folder", async () => {
    const { code, lingeredMs } = await run({ url: server.url, timeoutMs: 5_000, cacheDir: folder.path });
    expect(code).toBe(0);
    expect(lingeredMs).toBeLessThan(EXIT_MS);
  });

  it("where there is no server", async () => {
    const { code, said, lingeredMs } = await run({ url: `http://127.0.0.1:${await freePort()}`, timeoutMs: 300 });
    expect({ code, said }).toEqual({ code: 0, said: "timeout false" });
    expect(lingeredMs).toBeLessThan(EXIT_MS);
  });

  it("where a server accepts and says nothing", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const address = mute.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const { code, said, lingeredMs } = await run({ url: `http://127.0.0.1:${port}`, timeoutMs: 300 });
    mute.close();
    expect({ code, said }).toEqual({ code: 0, said: "timeout false" });
    expect(lingeredMs).toBeLessThan(EXIT_MS);
  });

  it("but not before an awaited close is done", async () => {
    const { code, said, lingeredMs } = await run({ url: server.url, timeoutMs: 5_000, close: true });
    expect({ code, said }).toEqual({ code: 0, said: "ready true" });
    expect(server.askedFor("/sdk/v1/events").length).toBe(1);
    expect(lingeredMs).toBeLessThan(EXIT_MS);
  });
});

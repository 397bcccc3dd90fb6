import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, describe, expect, it } from "vitest";
import { openStream } from "../testing/sse-client.ts";
import { callServer, startTestServer, testConfig } from "../testing/test-server.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import type { RunningServer } from "./start.ts";
import { startServer } from "./start.ts";

const quiet = { logs: { write: () => undefined } };

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rampart-start-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string, ...args: readonly string[]): Promise<RunningServer> {
  const server = await startServer(testConfig("--data-dir", dataDir, ...args), quiet);
  onTestFinished(() => server.close());
  return server;
}

describe("a first start", () => {
  it("makes one administrator's token and one key of each SDK kind, that work, in a file for the owner alone", async () => {
    const folder = freshFolder();
    const { url, firstTokens } = await start(folder);
    const path = join(folder, "first-tokens.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { path: shown, ...tokens } = firstTokens ?? { path: "" };
    expect(shown).toBe(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(tokens);
    expect((await callServer(url, "GET /api/v1/tokens", { token: firstTokens?.admin })).status).toBe(200);
    expect((await callServer(url, "GET /sdk/v1/flags", { token: firstTokens?.server })).status).toBe(200);
    expect((await callServer(url, "GET /sdk/v1/flags", { token: firstTokens?.client })).status).toBe(403);
  });

  it("is not repeated: the second start keeps flags, tokens and epoch", async () => {
    const folder = freshFolder();
    const first = await start(folder);
    const token = first.firstTokens?.admin;
    await callServer(first.url, "POST /api/v1/flags", { token, body: { key: "kept" } });
    const before = await callServer<{ epoch: string; revision: number }>(first.url, "GET /sdk/v1/flags", {
      token: first.firstTokens?.server,
    });
    await first.close();
    const second = await start(folder);
    expect(second.firstTokens).toBeUndefined();
    expect((await callServer(second.url, "GET /api/v1/flags/kept", { token })).status).toBe(200);
    const after = await callServer<{ epoch: string; revision: number }>(second.url, "GET /sdk/v1/flags", {
      token: first.firstTokens?.server,
    });
    expect(after.body).toEqual(before.body);
  });
});

describe("a start that can't be", () => {
  it("says that the port is in use, and leaves the folder free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const folder = freshFolder();
    await expect(start(folder, "--port", String(port))).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(String(port)) as string,
      hint: expect.stringContaining("--port") as string,
    });
    await expect(start(folder)).resolves.toMatchObject({ url: expect.any(String) as string });
  });

  it("says that the folder can't be used", async () => {
    const file = join(freshFolder(), "file");
    writeFileSync(file, "");
    await expect(start(join(file, "data"))).rejects.toMatchObject({
      code: "DATA_FOLDER_UNUSABLE",
      hint: expect.stringContaining("--data-dir") as string,
    });
  });

  it("says that another server has the folder", async () => {
    const folder = freshFolder();
    await start(folder);
    await expect(start(folder)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  });

  it("says that the database is damaged, and changes nothing in it", async () => {
    const folder = freshFolder();
    await (await start(folder)).close();
    const path = join(folder, "rampart.db");
    const bytes = readFileSync(path).fill(0x5a, 0, 200);
    writeFileSync(path, bytes);
    await expect(start(folder)).rejects.toMatchObject({
      code: "DATABASE_DAMAGED",
      message: expect.stringContaining(path) as string,
    });
    expect(readFileSync(path)).toEqual(bytes);
  });

  it("says that the address is none of this machine", async () => {
    await expect(start(freshFolder(), "--host", "203.0.113.7")).rejects.toMatchObject({ code: "HOST_UNKNOWN" });
  });
});

describe("a running server", () => {
  it("tells what another process committed within a second, though nobody published it", async () => {
    const platform = manualPlatform();
    const server = await startTestServer({ platform });
    await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${server.sdkKey}` });
    await stream.nextOf("snapshot");
    const to = (percentage: number) =>
      server.store.changeConfig(
        "production",
        "checkout",
        ({ config }) => ({ kind: "write", next: { ...config, fallthrough: { percentage } } }),
        { actor: "another process", action: "flag.ramped", at: 0 },
      );
    await to(7);
    await platform.advance(1_000);
    expect(await stream.nextOf("delta")).toMatchObject({
      data: { revision: 2, flags: [{ fallthrough: { percentage: 7 } }] },
    });
  });

  it("closes streams of tokens that another process revoked, or that have expired, within five seconds", async () => {
    const platform = manualPlatform();
    const server = await startTestServer({ platform });
    const revoked = await server.token("server", ["production"]);
    const expiring = await server.token("server", ["production"], { expiresAt: platform.clock.now() + 3_000 });
    const open = (token: string) => openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${token}` });
    const streams = [open(revoked.text), open(expiring.text)] as const;
    for (const stream of streams) await stream.nextOf("snapshot");
    await server.store.revokeToken(revoked.id, {
      actor: "another process",
      action: "token.revoked",
      at: platform.clock.now(),
    });
    await platform.advance(5_000);
    for (const stream of streams) expect(await stream.nextOf("goodbye")).toMatchObject({ data: { reason: "revoked" } });
    await expect.poll(async () => (await server.call("GET /sdk/v1/flags", { token: revoked.text })).status).toBe(401);
  });

  it("closes once, however often it is asked to", async () => {
    const server = await startServer(testConfig("--data-dir", freshFolder()), quiet);
    await Promise.all([server.close(), server.close()]);
    await expect(server.close()).resolves.toBeUndefined();
    await expect(callServer(server.url, "GET /health")).rejects.toThrow();
  });
});

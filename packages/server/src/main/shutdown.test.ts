import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AuditEntry } from "@rampart/core";
import { ExportVerifier } from "../domain/audit-export.ts";
import { bundleProgram } from "../store/testing/bundle.ts";
import { openStream } from "../testing/sse-client.ts";
import { callServer } from "../testing/test-server.ts";
import type { FirstTokens } from "./first-tokens.ts";

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
  readonly tokens: FirstTokens;
  readonly output: () => string;
}

async function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly output: () => string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  return { child, output: () => output };
}

async function startProgram(program: string, folder: string, ...more: readonly string[]): Promise<Running> {
  const { child, output } = await run(program, ["--port", "0", "--data-dir", folder, ...more]);
  await expect.poll(() => output(), { timeout: 10_000 }).toMatch(/Rampart is listening on http:\/\/127\.0\.0\.1:\d+/);
  const url = /Rampart is listening on (\S+)/.exec(output())?.[1] ?? "";
  const tokens = JSON.parse(readFileSync(join(folder, "first-tokens.json"), "utf8")) as FirstTokens;
  return { child, url, port: Number(new URL(url).port), tokens, output };
}

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rampart-program-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

/** Writes as fast as it is answered until the server takes no connection any more. Counts what was acknowledged, and what failed otherwise. */
async function writeUntilGone(
  { url, tokens }: Running,
  flag: string,
): Promise<{ readonly acknowledged: number; readonly failures: readonly string[] }> {
  let acknowledged = 0;
  const failures: string[] = [];
  for (let turn = 1; ; turn++) {
    try {
      const { status, text } = await callServer(url, "POST /api/features/rollout", {
        token: tokens.admin,
        body: { feature: flag, percentage: turn % 101 },
      });
      if (status === 200) acknowledged += 1;
      else failures.push(`${status} ${text}`);
    } catch (error) {
      const code = ((error as Error).cause as { code?: string } | undefined)?.code ?? String(error);
      if (code === "ECONNREFUSED") return { acknowledged, failures };
      failures.push(code);
      if (failures.length > 20) return { acknowledged, failures };
    }
  }
}

let program: () => Promise<string>;
beforeAll(() => {
  program = () => bundleProgram(fileURLToPath(new URL("../testing/program.ts", import.meta.url)));
});

describe("a signal to end", () => {
  it("fails no write, loses none that was acknowledged, and sends every stream a goodbye", async () => {
    const built = await program();
    const folder = freshFolder();
    const first = await startProgram(built, folder);
    const flags = ["a", "b", "c", "d"];
    for (const key of flags)
      await callServer(first.url, "POST /api/v1/flags", { token: first.tokens.admin, body: { key } });
    const streams = Array.from({ length: 5 }, () =>
      openStream(first.port, "/sdk/v1/stream", { authorization: `Bearer ${first.tokens.server}` }),
    );
    for (const stream of streams) await stream.nextOf("snapshot");
    const writers = flags.map((flag) => writeUntilGone(first, flag));
    await streams[0]?.nextOf("delta");
    first.child.kill("SIGTERM");
    const goodbyes = await Promise.all(streams.map((stream) => stream.nextOf("goodbye")));
    const results = await Promise.all(writers);
    expect(await exitCode(first.child)).toBe(0);
    expect(goodbyes.every(({ data }) => data["reason"] === "shutdown")).toBe(true);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);

    const second = await startProgram(built, folder);
    const { text } = await callServer(second.url, "GET /api/v1/audit/export", { token: first.tokens.admin });
    const lines = text.match(/[^\n]*\n/g) ?? [];
    const verifier = new ExportVerifier({});
    for (const line of lines) verifier.take(line);
    expect(verifier.end().kind).toBe("intact");
    const entries = lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEntry);
    for (const [i, flag] of flags.entries()) {
      const stored = entries.filter(
        ({ action, target }) => action === "flag.ramped" && target === `flag/${flag}`,
      ).length;
      expect(stored).toBe(results[i]?.acknowledged);
      expect(stored).toBeGreaterThan(0);
    }
  }, 60_000);

  it("that comes when nobody is connected ends the server at once", async () => {
    const { child } = await startProgram(await program(), freshFolder());
    const startedAt = performance.now();
    child.kill("SIGINT");
    expect(await exitCode(child)).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  }, 60_000);
});

describe("a program that can't start", () => {
  it("says why in one line, and ends with code 1, or 2 for its settings", async () => {
    const built = await program();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const file = join(freshFolder(), "file");
    writeFileSync(file, "");
    const cases = [
      {
        args: ["--data-dir", freshFolder(), "--port", String(port)],
        code: 1,
        says: /^rampart: port \d+ on 127\.0\.0\.1 is in use .*--port.*\n$/,
      },
      { args: ["--data-dir", file], code: 1, says: /^rampart: the data folder .* can't be used: .*--data-dir.*\n$/ },
      {
        args: ["--port", "x", "--log-level", "y"],
        code: 2,
        says: /^rampart: --port is "x".*\nrampart: --log-level is "y".*\n$/,
      },
    ];
    for (const { args, code, says } of cases) {
      const { child, output } = await run(built, args);
      expect([args, await exitCode(child)]).toEqual([args, code]);
      await expect.poll(output).toMatch(says);
    }
  }, 60_000);
});

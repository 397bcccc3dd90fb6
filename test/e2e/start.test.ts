import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CLI, ServerProcess, freePort, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

function serve(args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const result = spawnSync(process.execPath, [CLI, "server", ...args], { encoding: "utf8", timeout: 20_000 });
  return { status: result.status, said: `${result.stdout}${result.stderr}` };
}

describe("a server that cannot start says why in a line and exits with 1", () => {
  it("when the port is in use", async () => {
    const port = await freePort();
    const running = new ServerProcess({ port, dataDir: join(folder.path, "first") });
    await running.start();
    const { status, said } = serve(["--port", String(port), "--data-dir", join(folder.path, "second")]);
    await running.stop("SIGTERM");
    expect(status).toBe(1);
    expect(said).toContain(String(port));
    expect(said).toMatch(/in use/);
  });

  it("when another server has the data folder", async () => {
    const dataDir = join(folder.path, "shared");
    const running = new ServerProcess({ port: await freePort(), dataDir });
    await running.start();
    const { status, said } = serve(["--port", String(await freePort()), "--data-dir", dataDir]);
    await running.stop("SIGTERM");
    expect(status).toBe(1);
    expect(said).toContain(dataDir);
  });

  it("when the data folder is a file", async () => {
    const file = join(folder.path, "not-a-folder");
    writeFileSync(file, "");
    const { status, said } = serve(["--port", String(await freePort()), "--data-dir", file]);
    expect(status).toBe(1);
    expect(said).toContain(file);
  });

  it("when the data folder cannot be written", async () => {
    // Root may write anywhere; the kernel's own tree refuses even root.
    const dataDir = process.getuid?.() === 0 ? "/sys/rampart" : join(folder.path, "locked");
    if (process.getuid?.() !== 0) {
      mkdirSync(dataDir);
      chmodSync(dataDir, 0o500);
    }
    const { status, said } = serve(["--port", String(await freePort()), "--data-dir", dataDir]);
    expect(status).toBe(1);
    expect(said).toContain(dataDir);
  });

  it("when the database is not one", async () => {
    const dataDir = join(folder.path, "corrupt");
    const server = new ServerProcess({ port: await freePort(), dataDir });
    await server.start();
    await server.stop("SIGTERM");
    writeFileSync(
      join(dataDir, "rampart.db"),
      "this is no database, though it is long enough to look like one".repeat(100),
    );
    const { status, said } = serve(["--port", String(await freePort()), "--data-dir", dataDir]);
    expect(status).toBe(1);
    expect(said).toMatch(/restore/i);
  });

  it("naming every wrong setting at once", () => {
    const { status, said } = serve(["--port", "99999", "--log-level", "loud"]);
    expect(status).not.toBe(0);
    expect(said).toContain("99999");
    expect(said).toContain("loud");
  });
});

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "@rampart/sdk-node";
import type { RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { recovered } from "./record.ts";

const FLAG = "checkout";
const LEASE_MS = 10_000;
/** The stream's watchdog, and the first retry after it. */
const WATCHDOG_MS = 12_000;
const RETRY_MS = 2_000;
/** Byte by byte, on a busy machine, the first attempt can take longer than it may. */
const INIT_MS = 20_000;
/** For what a busy machine adds. */
const SLACK_MS = 3_000;
const FLAG_PATH = `/api/v1/environments/production/flags/${FLAG}`;
const PLAN = planForAll(FLAG, "10s");

type Client = ReturnType<typeof createClient>;

describe("an SDK behind a bad network", () => {
  const folder = temporaryFolder();
  const clients: Client[] = [];
  let server: ServerProcess;
  let proxy: ChaosProxy;

  beforeAll(async () => {
    const port = await freePort();
    server = new ServerProcess({ port, dataDir: folder.path });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    proxy = await ChaosProxy.start(port);
    const started = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(started.status).toBe(201);
  });

  afterEach(async () => {
    proxy.weather = { kind: "pass" };
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await proxy?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  async function connected(url: string): Promise<Client> {
    const client = createClient({ url, sdkKey: server.tokens().server });
    clients.push(client);
    expect(await client.init({ timeoutMs: INIT_MS })).toMatchObject({ status: "ready" });
    return client;
  }

  it("that swallows everything is off when its lease is over though nobody could tell it of the rollback, and stays off after it is mended", async () => {
    const client = await connected(proxy.url);
    await eventually(() => client.isEnabled(FLAG, "u"), 5_000);
    proxy.weather = { kind: "blackHole" };
    const [rollout] = (await api<{ items: RolloutView[] }>(server, "GET", "/api/v1/rollouts?active=true")).body.items;
    const { status } = await api(server, "POST", `/api/v1/rollouts/${rollout?.id}/rollback`, { reason: "test" });
    expect(status).toBe(200);
    const since = performance.now();
    await eventually(() => !client.isEnabled(FLAG, "u"), LEASE_MS + SLACK_MS);
    recovered(31, "off by its lease", performance.now() - since);
    expect(performance.now() - since).toBeLessThanOrEqual(LEASE_MS + SLACK_MS);
    proxy.weather = { kind: "pass" };
    await eventually(() => client.status().state === "ready", 45_000);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    await api(server, "POST", `${FLAG_PATH}/restore`);
  });

  it("that went half open leaves it by its watchdog, and learns on the next stream what it missed", async () => {
    const client = await connected(proxy.url);
    proxy.weather = { kind: "blackHole" };
    const since = performance.now();
    await api(server, "POST", `${FLAG_PATH}/rollout`, { percentage: 100 });
    // New connections pass; the old one stays a hole.
    await eventually(() => client.status().state === "stale", WATCHDOG_MS + SLACK_MS);
    proxy.weather = { kind: "pass" };
    await eventually(() => client.isEnabled(FLAG, "u"), 20_000);
    recovered(18, "stale by the watchdog, then on a new stream", performance.now() - since);
    expect(performance.now() - since).toBeLessThan(WATCHDOG_MS + 20_000);
  });

  it.each([
    { weather: { kind: "delay", ms: 400 }, what: "half a second late" },
    { weather: { kind: "trickle", everyMs: 1 }, what: "one byte at a time" },
  ] as const)("that hands everything on $what still gets a kill whole", async ({ weather }) => {
    proxy.weather = weather;
    const client = await connected(proxy.url);
    await api(server, "POST", `${FLAG_PATH}/restore`);
    await eventually(() => client.isEnabled(FLAG, "u"), 10_000);
    await api(server, "POST", `${FLAG_PATH}/kill`);
    await eventually(() => !client.isEnabled(FLAG, "u"), 10_000);
    await api(server, "POST", `${FLAG_PATH}/restore`);
  });

  it("that resets every connection is back at the present within its back-off", async () => {
    const client = await connected(proxy.url);
    const { revision } = client.status();
    proxy.reset();
    await api(server, "POST", `${FLAG_PATH}/kill`);
    const since = performance.now();
    await eventually(() => client.status().revision > revision && client.status().state === "ready", 10_000);
    recovered(18, "after a reset, at the present again", performance.now() - since);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    await api(server, "POST", `${FLAG_PATH}/restore`);
    expect(performance.now() - since).toBeLessThan(RETRY_MS + SLACK_MS + 10_000);
  });

  describe.skipIf(!isInstalled("nginx"))("with nginx in between", () => {
    let nginx: ChildProcess | undefined;

    afterEach(async () => {
      if (nginx === undefined) return;
      nginx.kill("SIGTERM");
      await once(nginx, "exit");
    });

    async function through(extra: string): Promise<string> {
      const port = await freePort();
      const conf = join(folder.path, `nginx-${port}.conf`);
      writeFileSync(conf, nginxConf({ folder: folder.path, port, to: server.url, extra }));
      nginx = spawn("nginx", ["-c", conf, "-p", folder.path, "-e", join(folder.path, "nginx.log")], {
        stdio: "ignore",
      });
      await eventually(
        async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok === true,
        10_000,
      );
      return `http://127.0.0.1:${port}`;
    }

    it("as it comes, streams pass, and a kill with them", async () => {
      const client = await connected(await through(""));
      await api(server, "POST", `${FLAG_PATH}/kill`);
      const since = performance.now();
      await eventually(() => !client.isEnabled(FLAG, "u") && client.status().state === "ready", 5_000);
      recovered(17, "a kill through nginx as it comes", performance.now() - since);
      expect(client.status().transport).toBe("stream");
      await api(server, "POST", `${FLAG_PATH}/restore`);
    });

    it("that holds the stream's bytes back, polls take over, and a kill comes with the next one", async () => {
      const client = createClient({
        url: await through(
          "proxy_ignore_headers X-Accel-Buffering; proxy_buffering on; proxy_buffers 8 1m; proxy_buffer_size 1m;",
        ),
        sdkKey: server.tokens().server,
      });
      clients.push(client);
      await client.init({ timeoutMs: 1_000 });
      const since = performance.now();
      await eventually(() => client.status().transport === "poll", 40_000);
      recovered(17, "polling behind a proxy that buffers", performance.now() - since);
      await api(server, "POST", `${FLAG_PATH}/kill`);
      await eventually(() => !client.isEnabled(FLAG, "u"), 15_000);
      await api(server, "POST", `${FLAG_PATH}/restore`);
    });
  });
});

interface NginxOptions {
  readonly folder: string;
  readonly port: number;
  readonly to: string;
  readonly extra: string;
}

const nginxConf = ({
  folder,
  port,
  to,
  extra,
}: NginxOptions): string => `daemon off; worker_processes 1; pid ${folder}/nginx-${port}.pid;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${to}; ${extra} } }
}
`;

describe("a frame that is cut at any byte", () => {
  it("is never taken, by the SDK's own reader of streams", async () => {
    const snapshot = {
      environment: "production",
      epoch: "e1",
      revision: 1,
      digest: "00000000",
      flags: [],
      segments: [],
    };
    const frame = `id: e1:1\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`;
    const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let length = 0;
    const cutter = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(head + frame.slice(0, length)));
    }).listen(0, "127.0.0.1");
    await once(cutter, "listening");
    const url = `http://127.0.0.1:${(cutter.address() as AddressInfo).port}`;
    try {
      for (length = 0; length <= frame.length; length += 1) {
        const taken = await takenFrom(url);
        expect(taken, `${length} of ${frame.length} bytes`).toBe(length === frame.length);
      }
    } finally {
      cutter.close();
    }
  });
});

/** Whether a frame came out of the stream before it ended. */
async function takenFrom(url: string): Promise<boolean> {
  const { openStream } = await import("../../packages/sdk-node/src/stream.ts");
  const { nodeFetch } = await import("../../packages/sdk-node/src/fetch.ts");
  return new Promise((resolve) => {
    let isTaken = false;
    openStream(
      nodeFetch,
      { url, headers: {} },
      {
        opened: () => undefined,
        bytes: () => undefined,
        frame: () => (isTaken = true),
        failed: () => resolve(isTaken),
      },
    );
  });
}

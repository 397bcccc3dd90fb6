import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, eventually, freePort, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { recovered } from "./record.ts";

/** The benchmark does it with 10,000, and measures how the server answers others meanwhile. */
const CLIENTS = 1_000;
/** So low that a thousand are too many at once. */
const ADMISSION = ["--streams-per-second", "200", "--streams-burst", "200"];
/** As the goal for 10,000 has it. */
const BACK_MS_MAX = 35_000;
const FLAG = "checkout";

/** A client that does nothing but come back when it was told to, and read. */
class RawClient {
  hasStream = false;
  refusals = 0;
  text = "";
  #socket: Socket | undefined;
  readonly #port: number;
  readonly #key: string;

  constructor(port: number, key: string) {
    this.#port = port;
    this.#key = key;
  }

  open(): void {
    this.hasStream = false;
    this.text = "";
    let head = "";
    const socket = connect(this.#port, "127.0.0.1").setEncoding("utf8");
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: string) => {
      if (this.hasStream) this.text = (this.text + chunk).slice(-4_096);
      else this.#read((head += chunk));
    });
    socket.write(`GET /sdk/v1/stream HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${this.#key}\r\n\r\n`);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #read(head: string): void {
    if (!head.includes("\r\n\r\n")) return;
    this.hasStream = head.startsWith("HTTP/1.1 200");
    if (this.hasStream) return;
    this.refusals += 1;
    this.close();
    const afterMs = Number(/\r\nretry-after: (\d+)/i.exec(head)?.[1] ?? 1) * 1_000;
    setTimeout(() => this.open(), afterMs);
  }
}

describe(`${CLIENTS} clients that lose their server at once`, () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let clients: readonly RawClient[] = [];

  beforeAll(async () => {
    const port = await freePort();
    server = new ServerProcess({ port, dataDir: folder.path, args: ADMISSION });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    clients = Array.from({ length: CLIENTS }, () => new RawClient(port, server.tokens().server));
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await server?.stop("SIGKILL");
    folder.dispose();
  });

  it("are all back in time, some of them after they were asked to wait", async () => {
    for (const client of clients) client.open();
    await eventually(() => clients.every(({ hasStream }) => hasStream), BACK_MS_MAX);
    await server.stop("SIGKILL");
    await server.start();
    const since = performance.now();
    for (const client of clients) client.open();
    await eventually(() => clients.every(({ hasStream }) => hasStream), BACK_MS_MAX);
    recovered(20, `${CLIENTS} clients back on a stream`, performance.now() - since);
    expect(clients.some(({ refusals }) => refusals > 0)).toBe(true);
    await api(server, "POST", `/api/v1/environments/production/flags/${FLAG}/kill`);
    await eventually(() => clients.every(({ text }) => text.includes("event: delta")), 10_000);
  });
});

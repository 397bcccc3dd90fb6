/** A TCP proxy that does to connections what bad networks do. */
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * `pass`: as it comes. `delay`: each chunk so much later. `blackHole`: nothing passes either way, and nobody is told. `halfClose`: what the client sends is cut off, what the
 * server sends passes. `deafFrom`: once the client has sent this, nothing comes back to it any more, on any connection. `trickle`: a byte at a time, with so much time between.
 */
export type Weather =
  | { readonly kind: "pass" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "blackHole" }
  | { readonly kind: "halfClose" }
  | { readonly kind: "deafFrom"; readonly text: string }
  | { readonly kind: "trickle"; readonly everyMs: number };

/** Between clients and one server. */
export class ChaosProxy {
  weather: Weather = { kind: "pass" };
  /** The weather in which what makes it deaf was said. */
  #deafIn: Weather | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number, refusesStreams: boolean) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      }
      this.#carry(client, server, () => this.weather.kind === "blackHole" || this.weather.kind === "halfClose");
      this.#carry(server, client, () => this.weather.kind === "blackHole" || this.#isDeaf);
      client.on("data", (chunk: Buffer) => {
        if (this.weather.kind === "deafFrom" && chunk.includes(this.weather.text)) this.#deafIn = this.weather;
        if (refusesStreams && chunk.includes("GET /sdk/v1/stream")) client.resetAndDestroy();
      });
    });
  }

  /** Listens on a port of its own. `refusesStreams`: resets who asks for one, so that clients poll. */
  static async start(
    targetPort: number,
    { refusesStreams = false }: { readonly refusesStreams?: boolean } = {},
  ): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(targetPort, refusesStreams);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open, each with both its ends. */
  get size(): number {
    return this.#sockets.size / 2;
  }

  get #isDeaf(): boolean {
    return this.weather === this.#deafIn;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(from: Socket, to: Socket, isHole: () => boolean): void {
    let last = Promise.resolve();
    from.on("data", (chunk: Buffer) => {
      last = last.then(() => (isHole() ? undefined : this.#pass(chunk, to)));
    });
    from.on("end", () => void last.then(() => isHole() || to.end()));
    from.on("close", () => void last.then(() => isHole() || to.destroy()));
  }

  async #pass(chunk: Buffer, to: Socket): Promise<void> {
    const { weather } = this;
    switch (weather.kind) {
      case "pass":
      case "halfClose":
      case "deafFrom":
        to.write(chunk);
        return;
      case "delay":
        await after(weather.ms);
        to.write(chunk);
        return;
      case "blackHole":
        return;
      case "trickle":
        // As many as are due: timers that come late on a busy machine must not make it slower than it is meant to be.
        for (let sent = 0, since = performance.now(); sent < chunk.length;) {
          await after(weather.everyMs);
          const due = Math.min(chunk.length, Math.floor((performance.now() - since) / weather.everyMs));
          for (; sent < due; sent += 1) to.write(chunk.subarray(sent, sent + 1));
        }
    }
  }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

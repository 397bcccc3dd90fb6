import type { ServerResponse } from "node:http";
import type { Customer } from "./disk.ts";
import type { Connection } from "./network.ts";

/** A response that becomes a stream, as far as the hub touches it. */
export function responseOn(
  connection: Connection,
  process: Pick<Customer, "isAlive" | "whenAwake">,
  onDestroyed: () => void,
): ServerResponse {
  const listeners: (() => void)[] = [];
  const socket = {
    destroyed: false,
    writableLength: 0,
    cork: () => undefined,
    uncork: () => undefined,
    write: (bytes: Buffer) => {
      if (process.isAlive && !socket.destroyed) connection.write(bytes.toString());
      return true;
    },
    end: (bytes: Buffer) => {
      socket.write(bytes);
      connection.end();
    },
    destroy: () => {
      if (socket.destroyed) return;
      socket.destroyed = true;
      onDestroyed();
      connection.end();
    },
    on: (_: string, listener: () => void) => {
      listeners.push(listener);
      return socket;
    },
    once: () => socket,
  };
  connection.onGone = () =>
    process.whenAwake(() => {
      socket.destroy();
      for (const listener of listeners) listener();
    });
  const outgoing: unknown = {
    socket,
    removeHeader: () => undefined,
    writeHead: () => connection.open(),
    flushHeaders: () => undefined,
  };
  return outgoing as ServerResponse;
}

import { connect, createServer } from "node:net";

/** A load balancer for TCP on loopback: connections go to the servers in turn, and past one that takes none. */
export async function startBalancer(ports) {
  const sockets = new Set();
  let next = 0;
  const server = createServer((client) => {
    sockets.add(client.on("close", () => sockets.delete(client)));
    client.on("error", () => client.destroy());
    forward(client, next++, ports.length);
  });
  const forward = (client, turn, triesLeft) => {
    if (triesLeft === 0) return client.destroy();
    const upstream = connect(ports[turn % ports.length], "127.0.0.1");
    let isOpen = false;
    upstream.once("connect", () => {
      isOpen = true;
      client.pipe(upstream).pipe(client);
      client.on("close", () => upstream.destroy());
    });
    upstream.on("error", () => (isOpen ? client.destroy() : forward(client, turn + 1, triesLeft - 1)));
    upstream.on("close", () => isOpen && client.destroy());
  };
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

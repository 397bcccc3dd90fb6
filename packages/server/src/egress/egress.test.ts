import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { EgressRequest } from "../ports/egress.ts";
import { createEgress } from "./egress.ts";
import type { EgressPolicy } from "./policy.ts";

const OPEN: EgressPolicy = { allowPrivate: true, allow: [] };
const CLOSED: EgressPolicy = { allowPrivate: false, allow: [] };
const request = (url: string, more: Partial<EgressRequest> = {}): EgressRequest => ({
  url,
  method: "GET",
  timeoutMs: 1000,
  bodyBytesMax: 1024,
  ...more,
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const egress = (policy: EgressPolicy, resolve?: (host: string) => Promise<readonly string[]>) =>
  createEgress({ policy, nowMs: () => performance.now(), ...(resolve ? { resolve } : {}) });

describe("an outgoing call", () => {
  it("brings back status, headers and body", async () => {
    const port = await listen((incoming, outgoing) =>
      outgoing.writeHead(201, { "x-kind": "test" }).end(`${incoming.method} ${incoming.headers["x-key"]}`),
    );
    const result = await egress(OPEN).send(request(`http://127.0.0.1:${port}/a`, { headers: { "x-key": "k" } }));
    expect(result).toMatchObject({ kind: "answer", status: 201, body: "GET k", headers: { "x-kind": "test" } });
  });

  it("does not follow a redirect", async () => {
    const port = await listen((_, outgoing) => outgoing.writeHead(302, { location: "http://169.254.169.254/" }).end());
    expect(await egress(OPEN).send(request(`http://127.0.0.1:${port}/`))).toMatchObject({
      kind: "answer",
      status: 302,
    });
  });

  it("ends at its deadline when the body trickles", async () => {
    const port = await listen((_, outgoing) => outgoing.writeHead(200).write("a"));
    expect(await egress(OPEN).send(request(`http://127.0.0.1:${port}/`, { timeoutMs: 50 }))).toEqual({
      kind: "failed",
      cause: "timeout",
      reason: "no whole answer within 50 ms",
    });
  });

  it("ends at its deadline when the name is not found in time", async () => {
    const never = () => new Promise<never>(() => {});
    expect(await egress(OPEN, never).send(request("http://slow.example/", { timeoutMs: 20 }))).toMatchObject({
      kind: "failed",
      cause: "timeout",
    });
  });

  it("ends when the body is larger than it may be", async () => {
    const port = await listen((_, outgoing) => outgoing.end("x".repeat(5000)));
    expect(await egress(OPEN).send(request(`http://127.0.0.1:${port}/`))).toEqual({
      kind: "failed",
      cause: "tooLarge",
      reason: "the answer is larger than 1024 bytes",
    });
  });

  it("takes a body of exactly the largest size", async () => {
    const port = await listen((_, outgoing) => outgoing.end("x".repeat(1024)));
    expect(await egress(OPEN).send(request(`http://127.0.0.1:${port}/`))).toMatchObject({ kind: "answer" });
  });

  it("says who calls and that it reads no compressed bodies, and how long the answer took", async () => {
    const port = await listen((incoming, outgoing) => outgoing.end(JSON.stringify(incoming.headers)));
    let nowMs = 1_000;
    const timed = createEgress({ policy: OPEN, nowMs: () => (nowMs += 7) });
    const result = await timed.send(request(`http://127.0.0.1:${port}/`));
    if (result.kind !== "answer") throw new Error(result.reason);
    expect(result.durationMs).toBe(7);
    expect(JSON.parse(result.body)).toMatchObject({ "accept-encoding": "identity", "user-agent": "rampart" });
  });

  it("looks names up in the system where it is told nothing else", async () => {
    const port = await listen((_, outgoing) => outgoing.end("by name"));
    expect(await egress(OPEN).send(request(`http://localhost:${port}/`))).toMatchObject({ body: "by name" });
    expect(await egress(CLOSED).send(request(`http://localhost:${port}/`))).toMatchObject({ kind: "refused" });
  });

  it("speaks TLS where the address says so", async () => {
    const port = await listen((_, outgoing) => outgoing.end("in the clear"));
    expect(await egress(OPEN).send(request(`https://127.0.0.1:${port}/`))).toMatchObject({
      kind: "failed",
      cause: "network",
      reason: expect.stringMatching(/SSL|EPROTO/) as string,
    });
  });

  it("has no name for a failure that has none", async () => {
    const unnamed = () => Promise.reject(new Error("with a secret in it"));
    expect(await egress(OPEN, unnamed).send(request("http://a.example/"))).toEqual({
      kind: "failed",
      cause: "network",
      reason: "unknown error",
    });
    const odd = () => Promise.reject({ code: "ODD" });
    expect(await egress(OPEN, odd).send(request("http://a.example/"))).toMatchObject({ reason: "unknown error" });
  });

  it("says that nobody listens", async () => {
    expect(await egress(OPEN).send(request("http://127.0.0.1:9/", {}))).toMatchObject({ kind: "refused" });
    const port = await listen(() => {});
    servers.splice(0).forEach((server) => server.close());
    expect(await egress(OPEN).send(request(`http://127.0.0.1:${port}/`))).toMatchObject({
      kind: "failed",
      cause: "network",
      reason: "nobody listens there (ECONNREFUSED)",
    });
  });
});

describe("what is not let out", () => {
  it.each([
    "ftp://example.com/",
    "file:///etc/passwd",
    "http://user:secret@example.com/",
    "http://example.com:22/",
    "not a url",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://0/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/",
  ])("%s", async (url) => {
    expect(await egress(CLOSED).send(request(url))).toMatchObject({ kind: "refused" });
  });

  it("a name that stands for a private address, alone or beside a public one", async () => {
    for (const addresses of [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"]]) {
      expect(await egress(CLOSED, async () => addresses).send(request("http://rebound.example/"))).toMatchObject({
        kind: "refused",
      });
    }
  });

  it("a link-local address, whatever is allowed", async () => {
    const policy = { allowPrivate: true, allow: ["metadata.example"] };
    expect(
      await egress(policy, async () => ["169.254.169.254"]).send(request("http://metadata.example/")),
    ).toMatchObject({ kind: "refused" });
  });

  it("anything that is not listed, once there is a list", async () => {
    const policy = { allowPrivate: false, allow: ["prometheus.example:9090", "10.20.0.0/16"] };
    const to = (address: string) => egress(policy, async () => [address]);
    expect(await to("8.8.8.8").send(request("http://other.example/"))).toMatchObject({ kind: "refused" });
    expect(await to("8.8.8.8").send(request("http://prometheus.example:9091/"))).toMatchObject({ kind: "refused" });
  });

  it("never shows a credential in its reason", async () => {
    expect(
      JSON.stringify(await egress(CLOSED).send(request("http://user:hunter2@example.com/?token=hunter2"))),
    ).not.toContain("hunter2");
  });
});

it("connects to the address that was judged, not to a second answer of the resolver", async () => {
  const port = await listen((_, outgoing) => outgoing.end("judged"));
  let asked = 0;
  const resolve = async () => (asked++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"]);
  const policy = { allowPrivate: false, allow: [`rebound.example:${port}`] };
  expect(await egress(policy, resolve).send(request(`http://rebound.example:${port}/`))).toMatchObject({
    kind: "answer",
    body: "judged",
  });
  expect(asked).toBe(1);
});

describe("a mail server", () => {
  const admit = (policy: EgressPolicy, url: string, address = "8.8.8.8") =>
    egress(policy, async () => [address]).admitMail(url, 1000);

  it("is let in at the address that was judged, on the ports of mail", async () => {
    expect(await admit(CLOSED, "smtp://me:secret@mail.example")).toEqual({
      kind: "admitted",
      host: "mail.example",
      port: 587,
      address: "8.8.8.8",
    });
    expect(await admit(CLOSED, "smtps://mail.example")).toMatchObject({ port: 465 });
    expect(await admit(CLOSED, "smtp://mail.example:25")).toMatchObject({ port: 25 });
  });

  it.each([
    ["smtp://mail.example:22", "8.8.8.8"],
    ["smtp://127.0.0.1:2525", "127.0.0.1"],
    ["smtp://mail.example", "10.0.0.1"],
    ["smtp://mail.example", "169.254.169.254"],
    ["http://mail.example", "8.8.8.8"],
  ])("%s at %s is kept out", async (url, address) => {
    expect(await admit(CLOSED, url, address)).toMatchObject({ kind: "refused" });
  });

  it("is one of the list once there is a list, and then may be private", async () => {
    const policy = { allowPrivate: false, allow: ["mail.internal:587"] };
    expect(await admit(policy, "smtp://mail.internal", "10.0.0.1")).toMatchObject({ kind: "admitted" });
    expect(await admit(policy, "smtp://mail.example")).toMatchObject({ kind: "refused" });
  });

  it("whose name is not found in time may be found later, too", async () => {
    const never = () => new Promise<never>(() => {});
    expect(await egress(OPEN, never).admitMail("smtp://mail.example", 20)).toEqual({
      kind: "failed",
      reason: "no address within 20 ms",
    });
  });

  it("whose name is not found may be found later", async () => {
    const resolve = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    expect(await egress(OPEN, resolve).admitMail("smtp://mail.example", 1000)).toEqual({
      kind: "failed",
      reason: "no such host name (ENOTFOUND)",
    });
  });
});

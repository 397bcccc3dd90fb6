import { createHmac } from "node:crypto";
import type { ClientTicket, ClientValues, CreatedToken } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import type { SseClient } from "../../testing/sse-client.ts";
import { openStream } from "../../testing/sse-client.ts";
import type { Answer, TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

const PRODUCTION = "/api/v1/environments/production/flags";
const ANN = { context: { targetingKey: "ann" } };

let server: TestServer;
let key: string;
beforeEach(async () => {
  server = await startTestServer();
  key = server.firstTokens?.client ?? "";
});

const flag = async (name: string, patch: object = { clientVisible: true }, definition: object = {}): Promise<void> => {
  await server.call("POST /api/v1/flags", { body: { key: name, ...definition } });
  expect((await server.call(`PATCH ${PRODUCTION}/${name}`, { body: patch })).status).toBe(200);
};
const ramp = (name: string, percentage: number): Promise<unknown> =>
  server.call(`POST ${PRODUCTION}/${name}/rollout`, { body: { percentage } });
const evaluate = (body: object = ANN, headers: Record<string, string> = {}): Promise<Answer<ClientValues>> =>
  server.call<ClientValues>("POST /client/v1/evaluate", { token: key, body, headers });
const follow = (body: object = ANN, headers: Record<string, string> = {}): SseClient =>
  openStream(server.port, "/client/v1/stream", { authorization: `Bearer ${key}`, ...headers }, "1.1", body);

describe("a browser", () => {
  it("is given the values of its context, of the flags that it may see, and nothing else", async () => {
    await flag("seen", { clientVisible: true, fallthrough: { percentage: 100 } });
    await flag("hidden", { fallthrough: { percentage: 100 } });
    const { status, body, headers } = await evaluate();
    expect(status).toBe(200);
    expect(body.flags).toEqual({ seen: { value: true, variant: "on", reason: "STATIC", revision: 2 } });
    expect(headers.get("x-rampart-basis")).toBe(`${body.epoch}:${body.revision}`);
  });

  it("is told by a 304 that the answers are the same, at which revision, and by a 200 when they are not", async () => {
    await flag("seen");
    const first = await evaluate();
    const tag = first.headers.get("etag") ?? "";
    await flag("hidden", { leaseMs: 5_000 });
    const second = await evaluate(ANN, { "if-none-match": tag });
    expect([second.status, second.text]).toEqual([304, ""]);
    expect(second.headers.get("x-rampart-basis")).toBe(`${first.body.epoch}:${first.body.revision + 2}`);
    await ramp("seen", 100);
    expect((await evaluate(ANN, { "if-none-match": tag })).status).toBe(200);
  });

  it("gets the error of a flag that needs a key which the context has not, and no value", async () => {
    await flag("share", { clientVisible: true, fallthrough: { percentage: 50 } });
    const { body } = await evaluate({ context: { plan: "pro" } });
    expect(body.flags).toEqual({ share: { reason: "ERROR", errorCode: "TARGETING_KEY_MISSING", revision: 2 } });
  });

  it("gets what to serve when it hears nothing for longer than the lease, unless that is served already", async () => {
    const leased = { clientVisible: true, leaseMs: 25_000 };
    await flag("on", { ...leased, fallthrough: { percentage: 100 } });
    await flag("off", leased);
    const { body } = await evaluate();
    expect(body.flags["on"]).toMatchObject({ lease: { ms: 25_000, value: false, variant: "off" } });
    expect(body.flags["off"]).not.toHaveProperty("lease");
  });

  it.each([
    ["too many keys", { context: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`k${n}`, 1])) }],
    ["too much text", { context: { a: "x".repeat(16_400) } }],
    ["too deep", { context: JSON.parse(`${'{"a":'.repeat(21)}1${"}".repeat(21)}`) as object }],
    ["a list", { context: [] }],
  ])("is refused a context with %s", async (_, body) => {
    expect(await evaluate(body)).toMatchObject({ status: 400, body: { code: "INVALID_CONTEXT" } });
  });

  it("counts as a client, and what it says it holds as its receipt", async () => {
    await flag("seen");
    const { body } = await evaluate();
    const basis = `${body.epoch}:${body.revision}`;
    await evaluate(ANN, { "x-rampart-instance": "tab-1", "x-rampart-sdk": "browser/1", "x-rampart-basis": basis });
    const clients = await server.call("GET /api/v1/environments/production/clients");
    expect(clients.body).toMatchObject({
      clients: [{ instanceId: "tab-1", sdk: "browser/1", transport: "poll", acknowledgedRevision: body.revision }],
    });
  });

  it("may send what it measured in a beacon, whose key is in the body", async () => {
    const report = { instanceId: "tab-1", seq: 1, from: 0, to: 1, runs: [], tracks: [], dropped: 0 };
    const beacon = (body: object): Promise<Answer> =>
      server.call("POST /client/v1/events", {
        token: undefined,
        body: JSON.stringify(body),
        headers: { "content-type": "text/plain;charset=UTF-8" },
      });
    expect((await beacon({ ...report, key })).status).toBe(204);
    expect((await beacon(report)).status).toBe(401);
    expect((await beacon({ ...report, key: server.sdkKey })).status).toBe(403);
  });
});

describe("what a page measured", () => {
  it("takes no part in comparisons, whatever units it names: anybody could have sent it", async () => {
    const report = { instanceId: "tab-1", seq: 1, from: 0, to: 1, runs: [], tracks: [], dropped: 0 };
    const units = [{ flag: "checkout", metric: "run", thousandths: 5_000, data: "not looked at" }];
    const send = (path: string, token: string) => server.call(`POST ${path}`, { token, body: { ...report, units } });
    expect((await send("/client/v1/events", key)).status).toBe(204);
    expect((await send("/sdk/v1/events", server.sdkKey)).status).toBe(400);
  });
});

describe("the stream of a browser", () => {
  it("begins with all values, and then has each that changed for its context", async () => {
    await flag("a");
    await flag("b");
    const stream = follow();
    expect(await stream.next()).toMatchObject({
      event: "values",
      data: { flags: { a: { value: false }, b: { value: false } } },
    });
    await ramp("b", 100);
    const { data } = await stream.nextOf("changed");
    expect(data["flags"]).toEqual({ b: { value: true, variant: "on", reason: "STATIC", revision: 5 } });
  });

  it("has nothing of changes that are none for its context, but the revision in the next heartbeat", async () => {
    await flag("share", { clientVisible: true, targets: { bob: "on", cleo: "on" } });
    const ann = follow();
    const bob = follow({ context: "bob" });
    const [{ data }] = await Promise.all([ann.next(), bob.next()]);
    await server.call(`PATCH ${PRODUCTION}/share`, { body: { targets: { bob: null } } });
    const { revision } = (await bob.nextOf("changed")).data;
    expect(revision).toBe(Number(data["revision"]) + 1);
    expect((await ann.nextOf("heartbeat")).data).toMatchObject({ epoch: data["epoch"], revision });
    expect(ann.body()).not.toContain("changed");
  }, 10_000);

  it("is told that a flag is no more, or no more for browsers", async () => {
    await flag("a");
    await flag("b");
    const stream = follow();
    await stream.next();
    await server.call("DELETE /api/v1/flags/a");
    expect((await stream.nextOf("changed")).data).toMatchObject({ removed: ["a"] });
    await server.call(`PATCH ${PRODUCTION}/b`, { body: { clientVisible: false } });
    expect((await stream.nextOf("changed")).data).toMatchObject({ removed: ["b"] });
    await server.call(`PATCH ${PRODUCTION}/b`, { body: { clientVisible: true } });
    expect((await stream.nextOf("changed")).data).toMatchObject({ flags: { b: { value: false } } });
  });

  it("follows a segment and a prerequisite that it never hears of", async () => {
    await server.call("POST /api/v1/segments", { body: { key: "staff" } });
    await flag("base", { fallthrough: { percentage: 100 } });
    const rules = [{ id: "r", clauses: [{ op: "inSegment", values: ["staff"] }], serve: { variant: "on" } }];
    await flag("top", { clientVisible: true, prerequisites: [{ flag: "base", variants: ["on"] }], rules });
    const stream = follow();
    await stream.next();
    await server.call("PATCH /api/v1/segments/staff", { body: { included: ["ann"] } });
    expect((await stream.nextOf("changed")).data).toMatchObject({ flags: { top: { value: true } } });
    await ramp("base", 0);
    expect((await stream.nextOf("changed")).data).toMatchObject({ flags: { top: { value: false } } });
    expect(stream.body()).not.toMatch(/staff|base/);
  });

  it("asks everybody for a receipt of a kill, also those for whom nothing changed", async () => {
    await flag("a", { clientVisible: true, targets: { bob: "on" } });
    const named = { "x-rampart-instance": "tab-1", "x-rampart-sdk": "browser/1" };
    const stream = follow(ANN, named);
    await stream.next();
    await server.call(`POST ${PRODUCTION}/a/kill`);
    const { data } = await stream.nextOf("changed");
    expect(data).toMatchObject({ urgent: true });
    const { epoch, revision } = data;
    const receipt = { instanceId: "tab-1", epoch, revision, appliedAt: Date.now() };
    expect((await server.call("POST /client/v1/ack", { token: key, body: receipt })).status).toBe(204);
    const { body } = await server.call("GET /api/v1/environments/production/receipts");
    expect(body).toMatchObject({ items: [{ expected: 1, acknowledged: 1 }] });
  });

  it("begins with a heartbeat where the values are held, and with them where they are not", async () => {
    await flag("a");
    const { body } = await evaluate();
    expect((await follow({ ...ANN, etag: body.etag }).next()).event).toBe("heartbeat");
    await ramp("a", 100);
    expect((await follow({ ...ANN, etag: body.etag }).next()).event).toBe("values");
  });

  it("can be opened once with a ticket, by who can send no headers", async () => {
    await flag("a");
    const ticketed = await server.call<ClientTicket>("POST /client/v1/tickets", { token: key, body: ANN });
    expect(ticketed.status).toBe(201);
    const path = `/client/v1/stream?ticket=${ticketed.body.ticket}`;
    expect((await openStream(server.port, path).next()).event).toBe("values");
    expect((await server.call(`GET ${path}`, { token: undefined })).status).toBe(401);
    const shown = server.logs.join("");
    expect(shown).not.toContain(ticketed.body.ticket);
  });

  it("is closed when its key is revoked", async () => {
    const { text, id } = await server.token("client", ["production"]);
    key = text;
    const stream = follow();
    await stream.next();
    await server.call(`DELETE /api/v1/tokens/${id}`);
    expect((await stream.nextOf("goodbye")).data).toMatchObject({ reason: "revoked" });
  });
});

describe("a client key", () => {
  const make = async (more: object): Promise<CreatedToken> => {
    const body = { kind: "client", name: "shop", environments: ["production"], ...more };
    const made = await server.call<CreatedToken>("POST /api/v1/tokens", { body });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    key = made.body.token;
    return made.body;
  };

  it("without origins is good for pages of every site, and never with credentials", async () => {
    const { headers } = await evaluate(ANN, { origin: "https://anywhere.example" });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
    const wrong = await server.call("POST /client/v1/evaluate", { token: "rmp_nonsense", body: ANN });
    expect([wrong.status, wrong.headers.get("access-control-allow-origin")]).toEqual([401, "*"]);
  });

  it("with origins is good for their pages alone", async () => {
    await make({ origins: ["https://shop.example"] });
    const own = await evaluate(ANN, { origin: "https://shop.example" });
    expect([own.status, own.headers.get("access-control-allow-origin")]).toEqual([200, "https://shop.example"]);
    expect(own.headers.get("vary")).toBe("origin");
    const other = await evaluate(ANN, { origin: "https://thief.example" });
    expect(other).toMatchObject({ status: 403, body: { code: "ORIGIN_NOT_ALLOWED" } });
    expect(other.headers.has("access-control-allow-origin")).toBe(false);
  });

  it("lets preflights pass, at the routes of browsers and nowhere else", async () => {
    const preflight = (path: string): Promise<Answer> =>
      server.call(`OPTIONS ${path}`, { token: undefined, headers: { origin: "https://shop.example" } });
    for (const path of ["/client/v1/evaluate", "/client/v1/stream", "/ofrep/v1/evaluate/flags/a/b"]) {
      const { status, headers } = await preflight(path);
      expect([path, status, headers.get("access-control-allow-origin")]).toEqual([path, 204, "*"]);
      expect(headers.get("access-control-allow-headers")).toContain("authorization");
    }
    const admin = await preflight("/api/v1/flags");
    expect([admin.status, admin.headers.has("access-control-allow-origin")]).toEqual([405, false]);
  });

  it.each(["https://shop.example/", "shop.example", "https://shop.example:443", "*"])(
    "is not made for %j, which no browser sends as an origin",
    async (origin) => {
      const body = { kind: "client", name: "shop", environments: ["production"], origins: [origin] };
      expect(await server.call("POST /api/v1/tokens", { body })).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining("/origins/0") as string },
      });
    },
  );

  it("that demands signatures evaluates for nobody but those its secret vouches for", async () => {
    const { secret = "", secure } = await make({ secure: true });
    expect([secure, secret.length]).toEqual([true, 43]);
    const sign = (text: string): string => createHmac("sha256", secret).update(text).digest("hex");
    const expires = Date.now() + 60_000;
    const hash = sign(`${expires}:ann`);
    expect((await evaluate({ ...ANN, secure: { expires, hash } })).status).toBe(200);
    for (const [secureBy, context, code] of [
      [undefined, "ann", "SIGNATURE_REQUIRED"],
      [{ expires, hash }, "bob", "SIGNATURE_WRONG"],
      [{ expires: expires + 1, hash }, "ann", "SIGNATURE_WRONG"],
      [{ expires, hash: "zz" }, "ann", "SIGNATURE_WRONG"],
      [{ expires: 1, hash: sign("1:ann") }, "ann", "SIGNATURE_EXPIRED"],
      [{ expires: 9e15, hash: sign("9000000000000000:ann") }, "ann", "SIGNATURE_EXPIRED"],
    ] as const) {
      expect(await evaluate({ context, secure: secureBy })).toMatchObject({ status: 403, body: { code } });
    }
    const all = await server.call("GET /api/v1/tokens");
    expect(all.text).not.toContain(secret);
    expect((await server.call("GET /api/v1/audit")).text).not.toContain(secret);
  });

  it("that demands signatures ends a stream whose signature's time is over", async () => {
    const { secret = "" } = await make({ secure: true });
    const expires = Date.now() + 300;
    const hash = createHmac("sha256", secret).update(`${expires}:ann`).digest("hex");
    const stream = follow({ ...ANN, secure: { expires, hash } });
    expect((await stream.nextOf("goodbye")).data).toMatchObject({ reason: "expired" });
  });
});

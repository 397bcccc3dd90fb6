import { request } from "node:http";
import { connect } from "node:net";
import type { Problem } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreError } from "../ports/store-error.ts";
import type { Store } from "../ports/store.ts";
import type { TestServer } from "../testing/test-server.ts";
import { startTestServer } from "../testing/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll });
  await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
});

const post = (body: unknown, headers?: Record<string, string>) =>
  server.call("POST /api/v1/flags", { body, ...(headers === undefined ? {} : { headers }) });
const JSON_TYPE = { "content-type": "application/json" };

describe("a problem", () => {
  it("is a problem document with a stable code and a hint, whatever went wrong", async () => {
    const answers = [
      await server.call("GET /nothing/here"),
      await server.call("PUT /api/v1/flags"),
      await server.call("GET /api/v1/flags", { token: undefined }),
      await server.call("GET /api/v1/flags?limit=many"),
      await post("{", JSON_TYPE),
    ];
    for (const { status, headers, body } of answers) {
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({
        status,
        type: `/docs#${body.code}`,
        title: expect.any(String) as string,
        detail: expect.any(String) as string,
        hint: expect.any(String) as string,
      });
    }
    expect(answers.map(({ status }) => status)).toEqual([404, 405, 401, 400, 400]);
  });

  it("names the methods that a path has", async () => {
    const { status, headers } = await server.call("DELETE /api/v1/environments/production/flags/a/b");
    expect(status).toBe(405);
    expect(headers.get("allow")).toBe("GET, PATCH");
  });

  it.each([
    ['{"key":}', "line 1, column 8"],
    ['{\n  "key": "a",\n}', "line 3, column 1"],
    ['{"key":"a"', "ends too early"],
    ["", "empty"],
    ['\'{"key":"a"}\'', "line 1, column 1"],
  ])("says where the JSON %j breaks", async (text, where) => {
    const { status, body } = await post(text, JSON_TYPE);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "MALFORMED_JSON", detail: expect.stringContaining(where) as string });
  });

  it.each(["__proto__", "constructor", "prototype"])("refuses the key %s at any depth", async (key) => {
    const { status, body } = await post(
      `{"key":"polluted","variants":{"a":{"b":[{"${key}":{"polluted":true}}]}}}`,
      JSON_TYPE,
    );
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "FORBIDDEN_KEY", errors: [{ pointer: `/variants/a/b/0/${key}` }] });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("refuses a body that is nested without end", async () => {
    const { status, body } = await post(
      `{"key":"deep","variants":{"a":${"[".repeat(200)}${"]".repeat(200)}}}`,
      JSON_TYPE,
    );
    expect(status).toBe(400);
    expect(body.detail).toContain("32 deep");
  });

  it("refuses another content type than JSON, and a list where an object should be", async () => {
    expect(await post("key: a", { "content-type": "application/yaml" })).toMatchObject({
      status: 415,
      body: { code: "UNSUPPORTED_MEDIA_TYPE" },
    });
    expect(await post([{ key: "a" }])).toMatchObject({ status: 400, body: { code: "INVALID_BODY" } });
  });

  it("refuses a body beyond the limit, which it names, without reading it to the end", async () => {
    const { status, body } = await server.call("POST /sdk/v1/ack", {
      token: server.sdkKey,
      body: { instanceId: "x".repeat(5_000), epoch: "e", revision: 1, appliedAt: 1 },
    });
    expect(status).toBe(413);
    expect(body).toMatchObject({ code: "BODY_TOO_LARGE", detail: expect.stringContaining("2048 bytes") as string });
    const endless = await sendEndlessly(server, "/sdk/v1/ack");
    expect(endless).toMatchObject({ status: 413, problem: { code: "BODY_TOO_LARGE" } });
    expect(endless.sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it.each([
    ["GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n"],
    ["\u0016\u0003\u0001 this is TLS\r\n\r\n"],
    ["GET / HTTP/1.1\r\nhost: [\r\n\r\n"],
  ])("is the answer to what is no HTTP too: %j", async (bytes) => {
    const answer = await rawAnswer(server.port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("application/problem+json");
    expect(answer).toContain("BAD_REQUEST");
  });

  it("keeps what is inside the server inside, and gives the id by which the log has it", async () => {
    const broken = await startTestServer({
      wrap: failing("flags", new Error("connect ECONNREFUSED postgres://admin:hunter2@10.0.0.7")),
    });
    const { status, headers, text, body } = await broken.call("GET /api/v1/flags");
    expect(status).toBe(500);
    expect(text).not.toMatch(/hunter2|ECONNREFUSED|at .*\.ts/);
    const requestId = headers.get("x-request-id") ?? "";
    expect(body.detail).toContain(requestId);
    expect(broken.logs.find((line) => line.includes(requestId))).toContain("ECONNREFUSED");
  });

  it.each([
    ["DISK_FULL", 507, "STORE_FULL"],
    ["STORE_BUSY", 503, "STORE_UNAVAILABLE"],
    ["STORE_UNREACHABLE", 503, "STORE_UNAVAILABLE"],
  ] as const)("tells %s apart from a fault of the caller", async (code, status, expected) => {
    const broken = await startTestServer({
      wrap: failing(
        "createFlag",
        new StoreError(code, { message: "no space is left in the data folder", hint: "Make room." }),
      ),
    });
    expect(await broken.call("POST /api/v1/flags", { body: { key: "a" } })).toMatchObject({
      status,
      body: { code: expected, hint: "Make room." },
    });
    expect((await broken.call("GET /api/v1/flags")).status).toBe(200);
  });
});

describe("every answer", () => {
  it("forbids browsers to load, frame or guess anything, and opens the API to no other site", async () => {
    for (const line of ["GET /health", "GET /api/v1/flags", "GET /nothing", "OPTIONS /api/v1/flags"]) {
      const { headers } = await server.call(line, { headers: { origin: "https://evil.example" } });
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("has an id by which the log has it, with who asked; a proxy's own id is kept", async () => {
    const { headers } = await server.call("POST /api/v1/flags", { body: { key: "logged" } });
    const line = server.logs.find((one) => one.includes(headers.get("x-request-id") ?? "none"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      method: "post",
      path: "/api/v1/flags",
      status: 201,
      actor: expect.stringContaining("first administrator") as string,
      address: "127.0.0.1",
    });
    const given = await server.call("GET /api/v1/flags", { headers: { "x-request-id": "from-the-proxy-1" } });
    expect(given.headers.get("x-request-id")).toBe("from-the-proxy-1");
    const forged = await server.call("GET /api/v1/flags", { headers: { "x-request-id": 'x"} {"level":"error"' } });
    expect(forged.headers.get("x-request-id")).toMatch(/^[0-9a-f]{16}$/);
  });

  it("to HEAD has no body", async () => {
    const { status, text, headers } = await server.call("HEAD /api/v1/flags/checkout");
    expect({ status, text }).toEqual({ status: 200, text: "" });
    expect(Number(headers.get("content-length"))).toBeGreaterThan(50);
    expect((await server.call("HEAD /sdk/v1/stream", { token: server.sdkKey })).status).toBe(200);
  });
});

describe("a flood", () => {
  it("of one kind is turned away with the time to wait, and holds up no kill and no health check", async () => {
    const flooded = await startTestServer({ config: { requestsPerSecond: 40 } });
    await flooded.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const answers = await Promise.all(Array.from({ length: 100 }, () => flooded.call("GET /api/v1/environments")));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(limited[0]?.body.code).toBe("RATE_LIMITED");
    expect((await flooded.call("POST /api/v1/environments/production/flags/checkout/kill")).status).toBe(200);
    expect((await flooded.call("GET /health")).status).toBe(200);
    expect((await flooded.call("GET /sdk/v1/flags", { token: flooded.sdkKey })).status).toBe(200);
  });

  it("of wrong tokens is slowed down, and good tokens from the same address are not", async () => {
    const guessed = await startTestServer();
    const wrong = guessed.admin.replace("admin", "viewer");
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => guessed.call("GET /api/v1/flags", { token: wrong })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect((await guessed.call("GET /api/v1/flags")).status).toBe(200);
  });
});

/** A store of which one method always fails. */
function failing(method: keyof Store, error: Error): (store: Store) => Store {
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        if (name === method) return () => Promise.reject(error);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
}

/** Sends a body without a length, as fast as it is taken, until the answer comes. */
function sendEndlessly(
  { port, sdkKey }: TestServer,
  path: string,
): Promise<{ status: number; problem: Problem; sentBytes: number }> {
  return new Promise((resolve, reject) => {
    let sentBytes = 0;
    let isAnswered = false;
    const sender = request(
      { port, path, method: "POST", headers: { ...JSON_TYPE, authorization: `Bearer ${sdkKey}` } },
      (response) => {
        isAnswered = true;
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, problem: JSON.parse(text) as Problem, sentBytes }),
        );
      },
    );
    sender.on("error", (error) => (isAnswered ? undefined : reject(error)));
    const chunk = Buffer.alloc(64 * 1024, "x");
    const send = (): void => {
      if (isAnswered || sender.destroyed) return;
      sentBytes += chunk.length;
      sender.write(chunk, () => setImmediate(send));
    };
    send();
  });
}

function rawAnswer(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("}")) socket.end();
    });
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}

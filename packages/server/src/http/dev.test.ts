import { request } from "node:http";
import { describe, expect, it } from "vitest";
import type { TestServer } from "../testing/test-server.ts";
import { startTestServer } from "../testing/test-server.ts";

const startDev = (): Promise<TestServer> => startTestServer({ config: { dev: true } });

/** The status that a request with these very headers gets; `fetch` would not send all of them. */
function statusWith(
  { port }: TestServer,
  headers: Readonly<Record<string, string>>,
  path = "/api/v1/flags",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: "127.0.0.1", path, headers: { connection: "close", ...headers } },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on("error", reject).end();
  });
}

describe("development mode", () => {
  it("lets this machine's programs do everything without a token, and says so in the audit", async () => {
    const server = await startDev();
    expect((await server.call("POST /api/v1/flags", { token: undefined, body: { key: "a" } })).status).toBe(201);
    expect((await server.store.audit({ limit: 1, order: "newest" }))[0]).toMatchObject({
      actor: "dev",
      action: "flag.created",
    });
    expect(server.logs.join("")).toContain("DEVELOPMENT MODE");
  });

  it("takes the SDK key dev for production, in either header", async () => {
    const server = await startDev();
    expect(await server.call("GET /sdk/v1/flags", { token: "dev" })).toMatchObject({
      status: 200,
      body: { environment: "production" },
    });
    expect((await server.call("GET /sdk/v1/flags", { token: undefined, headers: { "x-api-key": "dev" } })).status).toBe(
      200,
    );
    expect((await server.call("GET /api/v1/flags", { token: "dev" })).status).toBe(403);
  });

  it("takes the client key dev-browser from pages of this machine, whatever their port, for values and nothing else", async () => {
    const server = await startDev();
    const from = async (origin: string, path = "POST /client/v1/evaluate"): Promise<number> => {
      const asked = { token: "dev-browser", headers: { origin, "sec-fetch-site": "same-site" } };
      return (await server.call(path, path.startsWith("GET") ? asked : { ...asked, body: { context: "ann" } })).status;
    };
    expect(await from("http://localhost:5173")).toBe(200);
    expect(await from("http://127.0.0.1:8080")).toBe(200);
    expect(await from("https://evil.example")).toBe(403);
    expect(await from("http://localhost.evil.example")).toBe(403);
    expect(await from("http://localhost:5173", "GET /api/v1/flags")).toBe(403);
    expect(await from("http://localhost:5173", "GET /sdk/v1/flags")).toBe(403);
  });

  it("still refuses a wrong token", async () => {
    const server = await startDev();
    expect((await server.call("GET /api/v1/flags", { token: "rmp_wrong" })).status).toBe(401);
  });

  it.each([
    ["a name that was made to point here", { host: "evil.example" }],
    ["a page of another site", { "sec-fetch-site": "cross-site" }],
    ["a page of another port", { "sec-fetch-site": "same-site" }],
    ["an origin that is not its own", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
  ])("refuses a browser that comes by %s", async (_, headers) => {
    const server = await startDev();
    expect(await statusWith(server, { host: `localhost:${server.port}`, ...headers })).toBe(403);
  });

  it.each([
    ["its own page", { "sec-fetch-site": "same-origin" }],
    ["the address bar", { "sec-fetch-site": "none" }],
  ])("lets a browser in that comes from %s", async (_, headers) => {
    const server = await startDev();
    expect(await statusWith(server, { host: `localhost:${server.port}`, ...headers })).toBe(200);
    expect(
      await statusWith(server, {
        host: `127.0.0.1:${server.port}`,
        origin: `http://127.0.0.1:${server.port}`,
        ...headers,
      }),
    ).toBe(200);
  });

  it("wants a token from everybody who comes through a proxy on this machine", async () => {
    const server = await startDev();
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip"]) {
      expect(await statusWith(server, { host: "localhost", [header]: "203.0.113.7" })).toBe(401);
    }
  });

  it("is off unless it is asked for", async () => {
    const server = await startTestServer();
    expect((await server.call("GET /api/v1/flags", { token: undefined })).status).toBe(401);
    expect((await server.call("GET /sdk/v1/flags", { token: "dev" })).status).toBe(401);
  });
});

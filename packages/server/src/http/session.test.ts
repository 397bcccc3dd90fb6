import { createHmac } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { isSecure, SESSION_MAX_MS, Sessions } from "./session.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };

const signIn = (server: TestServer, token: string) =>
  server.call("POST /console/session", { token: undefined, body: { token } });

async function cookieOf(server: TestServer, token = server.admin): Promise<string> {
  const answer = await signIn(server, token);
  expect(answer.status).toBe(200);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** `fetch` does not let a program say where it calls from. */
function raw(
  server: TestServer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(server.url + path, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.on("error", reject);
    call.end();
  });
}

describe("a session of the console", () => {
  it("is a strict cookie that no script reads, and lets its holder do what the token may", async () => {
    const server = await startTestServer();
    const answer = await signIn(server, server.admin);
    expect(answer.headers.get("set-cookie")).toMatch(
      /^rampart_session=[\w-]+\.\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400$/,
    );
    expect(answer.body).toMatchObject({ kind: "admin", environments: ["*"] });
    const cookie = await cookieOf(server);
    expect(await raw(server, "GET", "/api/v1/tokens", { cookie, ...SAME_ORIGIN })).toBe(200);
    const viewer = await cookieOf(server, (await server.token("viewer")).text);
    expect(await raw(server, "GET", "/api/v1/flags", { cookie: viewer, ...SAME_ORIGIN })).toBe(200);
    expect(await raw(server, "GET", "/api/v1/tokens", { cookie: viewer, ...SAME_ORIGIN })).toBe(403);
  });

  it("is secure where the browser came over TLS", async () => {
    const server = await startTestServer();
    const answer = await server.call("POST /console/session", {
      token: undefined,
      body: { token: server.admin },
      headers: { "x-forwarded-proto": "https" },
    });
    expect(answer.headers.get("set-cookie")).toMatch(/; Secure$/);
  });

  it("counts for no other site's page", async () => {
    const server = await startTestServer();
    const cookie = await cookieOf(server);
    const host = new URL(server.url).host;
    const tries: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
      ["POST", { "sec-fetch-site": "cross-site" }, 403],
      ["POST", { "sec-fetch-site": "same-site" }, 403],
      ["POST", { "sec-fetch-site": "none" }, 403],
      ["GET", { "sec-fetch-site": "cross-site" }, 403],
      ["POST", {}, 403],
      ["POST", { origin: "https://evil.example" }, 403],
      ["POST", { origin: "null" }, 403],
      ["GET", { "sec-fetch-site": "none" }, 200],
      ["GET", {}, 200],
      ["POST", { origin: `http://${host}` }, 404],
      ["POST", SAME_ORIGIN, 404],
    ];
    for (const [method, headers, status] of tries) {
      const path = method === "GET" ? "/api/v1/flags" : "/api/v1/environments/production/flags/none/kill";
      expect([method, headers, await raw(server, method, path, { cookie, ...headers })]).toEqual([
        method,
        headers,
        status,
      ]);
    }
  });

  it("is over with its token, and with one changed character", async () => {
    const server = await startTestServer();
    const operator = await server.token("operator");
    const cookie = await cookieOf(server, operator.text);
    const look = (text: string) => raw(server, "GET", "/api/v1/flags", { cookie: text, ...SAME_ORIGIN });
    expect(await look(cookie)).toBe(200);
    expect(await look(cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A")))).toBe(401);
    expect(await look(cookie.replace(operator.id, "other"))).toBe(401);
    await server.call(`DELETE /api/v1/tokens/${operator.id}`);
    expect(await look(cookie)).toBe(401);
  });

  it("ends after a day, or with its token", () => {
    let now = Date.parse("2026-01-05T02:00:00Z");
    const sessions = new Sessions(new Uint8Array(32), { now: () => now });
    const holderOf = (setCookie: string) =>
      sessions.tokenId({ method: "GET", headers: { ...SAME_ORIGIN, cookie: setCookie } } as unknown as IncomingMessage);
    const day = sessions.open("a1", { secure: false });
    const hour = sessions.open("a1", { secure: false, tokenExpiresAt: now + 3_600_000 });
    expect([holderOf(day), holderOf(hour)]).toEqual(["a1", "a1"]);
    now += 3_600_000;
    expect([holderOf(day), holderOf(hour)]).toEqual(["a1", undefined]);
    now += SESSION_MAX_MS - 3_600_001;
    expect(holderOf(day)).toBe("a1");
    now += 1;
    expect(holderOf(day)).toBeUndefined();
    expect(
      new Sessions(new Uint8Array(32).fill(1), { now: () => 0 }).tokenId({
        method: "GET",
        headers: { ...SAME_ORIGIN, cookie: day },
      } as unknown as IncomingMessage),
    ).toBeUndefined();
  });

  it("is not for programs' tokens, and not for wrong ones", async () => {
    const server = await startTestServer();
    expect((await signIn(server, server.sdkKey)).status).toBe(403);
    expect((await signIn(server, "rmp_nonsense")).status).toBe(401);
    expect((await signIn(server, "")).status).toBe(401);
  });

  it("is left behind in the audit, and ends in this browser by signing out", async () => {
    const server = await startTestServer();
    const cookie = await cookieOf(server);
    const { body } = await server.call<{ items: { action: string }[] }>("GET /api/v1/audit?limit=1&order=newest");
    expect(body.items[0]?.action).toBe("console.signedIn");
    const out = await fetch(`${server.url}/console/session`, {
      method: "DELETE",
      headers: { cookie, origin: server.url },
    });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toContain("rampart_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  });
});

describe("a session's cookie", () => {
  const clock = { now: () => Date.parse("2026-01-05T02:00:00Z") };
  const sessions = new Sessions(new Uint8Array(32), clock);
  const holderOf = (cookie: string | undefined, more: object = { method: "GET" }) =>
    sessions.tokenId({ headers: { ...SAME_ORIGIN, ...(cookie && { cookie }) }, ...more } as unknown as IncomingMessage);
  const cookie = sessions.open("a1", { secure: false }).split(";")[0] ?? "";

  it("is signed for this purpose alone", () => {
    const [, end = "", signature] = /^rampart_session=a1\.(\d+)\.(.+)$/.exec(cookie) ?? [];
    const sign = (text: string) => createHmac("sha256", new Uint8Array(32)).update(text).digest("base64url");
    expect(signature).toBe(sign(`rampart console session 1\na1.${end}`));
    expect(holderOf(`rampart_session=a1.${end}.${sign(`a1.${end}`)}`)).toBeUndefined();
  });

  it("is found among others, and nowhere else", () => {
    expect(holderOf(`theme=dark; ${cookie}; lang=en`)).toBe("a1");
    for (const text of [
      undefined,
      "",
      "theme=dark",
      `x${cookie}`,
      `${cookie}x`,
      cookie.slice(0, -1),
      "rampart_session=a1.1.x",
    ])
      expect(holderOf(text)).toBeUndefined();
  });

  it("is for TLS alone where the browser came by it", () => {
    expect(sessions.open("a1", { secure: true })).toMatch(/; Secure$/);
    expect(sessions.close(true)).toMatch(/Max-Age=0; Secure$/);
    const secure = (headers: object, publicUrl?: string) =>
      isSecure({ headers } as unknown as IncomingMessage, publicUrl);
    expect(secure({ "x-forwarded-proto": "https" })).toBe(true);
    expect(secure({ "x-forwarded-proto": "http" })).toBe(false);
    expect(secure({ host: "rampart.example" }, "https://rampart.example")).toBe(true);
    expect(secure({ host: "localhost:4001" }, "https://rampart.example")).toBe(false);
    expect(secure({ host: "rampart.example" }, "http://rampart.example")).toBe(false);
    expect(secure({ host: "rampart.example" })).toBe(false);
    expect(secure({}, "https://rampart.example")).toBe(false);
  });

  it("counts for reading without a word of where the request comes from, by HEAD as by GET", () => {
    const from = (method: string, headers: object) => holderOf(undefined, { method, headers: { cookie, ...headers } });
    expect([from("GET", {}), from("HEAD", {}), from("HEAD", { "sec-fetch-site": "none" })]).toEqual(["a1", "a1", "a1"]);
    expect(() => from("POST", {})).toThrow("this request was made by another");
    expect(() => from("POST", { origin: "null", host: "" })).toThrow();
    expect(() => from("POST", { origin: "https://a.example" })).toThrow();
    expect(from("POST", { origin: "https://a.example", host: "a.example" })).toBe("a1");
  });
});

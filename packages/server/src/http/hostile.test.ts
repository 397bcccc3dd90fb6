import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStream } from "../testing/sse-client.ts";
import { callServer, startTestServer, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
let client: string;
let routes: readonly { readonly method: string; readonly path: string }[];
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll, config: { requestsPerSecond: 100_000 } });
  client = (await server.token("client", ["production"])).text;
  const { body } = await server.call<{ paths: Record<string, Record<string, unknown>> }>("GET /openapi.json");
  routes = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace("{env}", "production").replaceAll(/\{\w+\}/g, "nothing"),
    })),
  );
});

function tokenFor(path: string): string {
  if (path.startsWith("/sdk/")) return server.sdkKey;
  return /^\/(client|ofrep)\//.test(path) ? client : server.admin;
}

/** Streams stay open, and have their headers tested where they are. */
const isStream = (path: string): boolean => /\/(stream|changes|events)$/.test(path);

describe("every route", () => {
  it("answers so that no browser guesses, frames, loads or leaks anything: with a token, without one, and where there is no route", async () => {
    const paths = ["/", "/sign-in", "/flags/x", "/assets/none.js", "/favicon.svg", "/console/session", "/nowhere"];
    const all = [...routes.filter(({ path }) => !isStream(path)), ...paths.map((path) => ({ method: "GET", path }))];
    expect(all.length).toBeGreaterThan(60);
    for (const { method, path } of all)
      for (const token of [undefined, tokenFor(path)]) {
        const hasBody = method !== "GET" && method !== "DELETE";
        const { headers } = await callServer(server.url, `${method} ${path}`, {
          token,
          ...(hasBody ? { body: {} } : {}),
        });
        expect([method, path, headers.get("x-content-type-options")]).toEqual([method, path, "nosniff"]);
        expect(headers.get("access-control-allow-credentials")).toBeNull();
        // Programs alone ask for it, ten thousand times a second, with a key that no browser has.
        if (path === "/sdk/v1/flags") continue;
        const policy = headers.get("content-security-policy") ?? "";
        expect([path, policy]).toEqual([path, expect.stringContaining("default-src 'none'")]);
        expect([path, policy]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")]);
        expect([path, policy]).toEqual([path, expect.not.stringMatching(/unsafe|\*|http:/)]);
        expect([path, headers.get("referrer-policy")]).toEqual([path, "no-referrer"]);
      }
  });

  it("that is a stream is said to be one", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${server.sdkKey}` });
    const head = (await stream.head()).toLowerCase();
    expect(head).toContain("x-content-type-options: nosniff");
    expect(head).toContain("content-type: text/event-stream");
  });

  it("but those of browsers' keys may not be read by another site's page", async () => {
    for (const { method, path } of routes.filter((route) => !isStream(route.path))) {
      if (/^\/(client|ofrep)\//.test(path)) continue;
      const hasBody = method !== "GET" && method !== "DELETE";
      const { headers } = await server.call(`${method} ${path}`, {
        headers: { origin: "https://evil.example" },
        ...(hasBody ? { body: {} } : {}),
      });
      expect([method, path, headers.get("access-control-allow-origin")]).toEqual([method, path, null]);
    }
  });
});

const NAMES = ["__proto__", "constructor", "prototype"] as const;

describe("names that lead to an object's prototype", () => {
  it("are refused in every body, at the top and deep inside, and change nothing", async () => {
    for (const { method, path } of routes) {
      if (method === "GET" || method === "DELETE" || isStream(path)) continue;
      for (const name of NAMES)
        for (const body of [`{"${name}":{"polluted":true}}`, `{"context":{"a":[{"${name}":{"polluted":true}}]}}`]) {
          const { status } = await server.call(`${method} ${path}`, {
            token: tokenFor(path),
            body,
            headers: { "content-type": "application/json" },
          });
          expect([method, path, body, status >= 400 && status < 500]).toEqual([method, path, body, true]);
        }
    }
    expect(({} as { readonly polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each(NAMES)("are no flag, environment, plan or segment by accident: %s", async (name) => {
    for (const path of [
      `/api/v1/flags/${name}`,
      `/api/v1/environments/${name}/flags/a`,
      `/api/v1/environments/production/flags/${name}`,
      `/api/v1/plans/${name}`,
      `/api/v1/segments/${name}`,
      `/api/v1/rollouts/${name}`,
    ])
      expect([path, (await server.call(`GET ${path}`)).status]).toEqual([path, 404]);
  });

  it.each(NAMES)("in a plan change nothing: %s", async (name) => {
    const { status } = await server.call("POST /api/v1/plans/validate", {
      body: `${name}: { polluted: true }\nspec: { metrics: { ${name}: { signal: a } } }`,
      headers: { "content-type": "application/yaml" },
    });
    expect(status).toBe(200);
    expect(({} as { readonly polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("line breaks in what people write", () => {
  it("stay within the data of the one event that they are in", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${server.sdkKey}` });
    await stream.nextOf("snapshot");
    const forged = "a\n\nevent: delta\ndata: {}\n\n";
    for (const [key, value] of [
      ["lf", forged],
      ["crlf", forged.replaceAll("\n", "\r\n")],
      ["cr", forged.replaceAll("\n", "\r")],
      ["separators", "\u2028event: delta\u2029\u0085\0"],
    ]) {
      const made = await server.call("POST /api/v1/flags", {
        body: { key: `text-${key}`, type: "string", variants: { on: value, off: "" }, description: value },
      });
      expect(made.status).toBe(201);
      const delta = await stream.nextOf("delta");
      expect(JSON.stringify(delta.data)).toContain(JSON.stringify(value).slice(1, -1));
    }
  });

  it("are no part of a flag's key or of an environment's name, which become names of events", async () => {
    for (const key of ["a\nb", "a\rb", "a\0b", "a b"])
      expect((await server.call("POST /api/v1/flags", { body: { key } })).status).toBe(400);
  });
});

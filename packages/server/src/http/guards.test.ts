import type { TokenKind } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTrustedProxies } from "./address.ts";
import type { TestServer } from "../testing/test-server.ts";
import { callServer, startTestServer } from "../testing/test-server.ts";

/**
 * Written by hand from what each kind of token is for, and not from the code: what isn't named here must be refused. `own` is the
 * environment in the path or of the key; `global` a route that concerns every environment.
 */
const ALLOWED: { readonly [kind in TokenKind]: readonly string[] } = {
  admin: [
    ...reads(),
    ...writes(),
    ...runs(),
    ...decides(),
    "post ramp",
    "post kill",
    "post channels",
    "put channels",
    "delete channels",
    "post outbox",
    "get tokens",
    "post tokens",
    "delete tokens",
  ],
  operator: [
    ...reads(),
    ...writes(),
    ...runs(),
    ...decides(),
    "post ramp",
    "post kill",
    "post channels",
    "post outbox",
  ],
  viewer: reads(),
  ci: [
    "get flags",
    "get config",
    "get environments",
    "get clients",
    "get changes",
    "post evaluate",
    "post ramp",
    ...rolloutReads(),
    ...runs(),
  ],
  server: ["get sdk", "post sdk", "post ofrep"],
  client: ["post client", "post ofrep"],
  relay: ["post relay", "post sdk"],
};

function reads(): readonly string[] {
  return [
    "get flags",
    "get config",
    "get environments",
    "get clients",
    "post evaluate",
    "get segments",
    "get audit",
    "get audit key",
    "get metrics",
    "get changes",
    ...rolloutReads(),
  ];
}

function rolloutReads(): readonly string[] {
  return ["get plans", "post plan check", "get rollouts", "get rollout", "get outbox", "get channels", "get drills"];
}

/** What pipelines do with rollouts, too. */
function runs(): readonly string[] {
  const commands = ["start", "tick", "pause", "rollback", "cancel", "acknowledge"].map(
    (name) => `post rollout ${name}`,
  );
  return [
    "post plans",
    "post rollouts",
    "put rollout",
    "post signals",
    "post integrations",
    "post drills",
    ...commands,
  ];
}

/** What takes a person: in place of a gate, or as a part of it. */
function decides(): readonly string[] {
  return ["approve", "reject", "resume", "promote"].map((name) => `post rollout ${name}`);
}

function writes(): readonly string[] {
  return [
    "post flags",
    "patch flags",
    "delete flags",
    "patch config",
    "post restore",
    "post segments",
    "patch segments",
    "delete segments",
  ];
}

/** What the reach of each route is, by its path. */
const GLOBAL =
  /^(post|patch|delete) (flags|segments|tokens)$|^(get|post|put|delete) channels$|^(get|post) outbox$|^get tokens$/;

const KINDS = Object.keys(ALLOWED) as TokenKind[];
const SDK_KINDS = new Set<TokenKind>(["server", "client", "relay"]);
const ENVIRONMENTS = ["production", "staging"];

interface Probe {
  readonly method: string;
  readonly path: string;
  /** The route's name in the tables above; undefined: open to everybody. */
  readonly name: string | undefined;
  /** The environment that it is about. */
  readonly environment: string | undefined;
  readonly body: unknown;
}

let server: TestServer;
let probes: readonly Probe[];
beforeAll(async () => {
  server = await startTestServer({
    cleanUp: afterAll,
    config: { trustedProxies: parseTrustedProxies(["127.0.0.1"]) },
  });
  const { body } = await server.call<{ paths: Record<string, Record<string, unknown>> }>("GET /openapi.json");
  probes = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item).flatMap((method) => probesOf(method, path)),
  );
});

function probesOf(method: string, path: string): readonly Probe[] {
  const name = nameOf(method, path);
  const environments = path.includes("{env}") || path.startsWith("/api/features") ? ENVIRONMENTS : [undefined];
  return environments.map((environment) => ({
    method,
    path:
      path
        .replace("{env}", environment ?? "")
        .replace("{key}", "nothing")
        .replace("{id}", "nothing")
        .replace("{name}", "nothing") + (name === "get audit" ? "?environment=staging" : ""),
    name,
    environment: name === "get audit" ? "staging" : environment,
    body: method === "get" || method === "delete" ? undefined : { feature: "nothing", percentage: 0, environment },
  }));
}

function nameOf(method: string, path: string): string | undefined {
  const rules: readonly (readonly [RegExp, string | undefined])[] = [
    [/^\/(health|ready|live|openapi\.json|docs)$|^\/api\/healthz$|^\/schemas\//, undefined],
    [/^\/api\/v1\/plans\/(validate|simulate)$/, "plan check"],
    [/^\/api\/v1\/rollouts\/\{id\}\/(plan|evidence|events)$/, "rollout"],
    [/^\/metrics$|metrics\.prom$/, "metrics"],
    [/^\/sdk\//, "sdk"],
    [/^\/relay\//, "relay"],
    // A ticket lets in, and no token: not even one of a kind that gets tickets.
    ...(method === "get" ? ([[/^\/(client|ofrep)\/v1\/stream$/, "ticket"]] as const) : []),
    [/^\/client\//, "client"],
    [/^\/ofrep\//, "ofrep"],
    [/\/(rollout)$/, "ramp"],
    [/\/kill$/, "kill"],
    [/^\/api\/v1\/audit\/key$/, "audit key"],
    [/\/restore$/, "restore"],
    [/\/environments\/\{env\}\/flags\//, "config"],
    [/\/clients$/, "clients"],
    [/^\/api\/v1\/changes$/, "changes"],
    [/\/evaluate$/, "evaluate"],
    [/^\/api\/v1\/rollouts\/\{id\}\/\w+$/, `rollout ${path.split("/").at(-1) ?? ""}`],
    [
      /^\/api\/v1\/(flags|segments|tokens|audit|environments|plans|rollouts|outbox|channels|signals|integrations|drills)/,
      "collection",
    ],
  ];
  const found = rules.find(([pattern]) => pattern.test(path));
  if (found === undefined) throw new Error(`a new route: say in this test who may call ${method} ${path}`);
  if (found[1] === undefined) return undefined;
  return `${method} ${found[1] === "collection" ? (path.split("/")[3] ?? "") : found[1]}`;
}

const isRefusal = (status: number): boolean => status === 401 || status === 403;

describe("the guards", () => {
  it("let nobody in without a token but where everybody may", async () => {
    for (const [index, { method, path, name, body }] of probes.entries()) {
      // Each from another address: too many failures from one are turned away before anything is looked at.
      const headers = { "x-forwarded-for": `10.0.0.${index}` };
      const { status } = await callServer(server.url, `${method.toUpperCase()} ${path}`, { body, headers });
      expect([`${method} ${path}`, status === 401]).toEqual([`${method} ${path}`, name !== undefined]);
    }
  });

  it.each(KINDS)(
    "let a token of the kind %s do what it is for in its own environment, and nothing else anywhere",
    async (kind) => {
      for (const bound of SDK_KINDS.has(kind) ? [["production"], ["staging"]] : [["*"], ["production"], ["staging"]]) {
        const { text: token } = await server.token(kind, bound);
        for (const { method, path, name, environment, body } of probes) {
          if (name === undefined) continue;
          const isInReach =
            bound.includes("*") || (!GLOBAL.test(name) && (environment === undefined || bound.includes(environment)));
          const isAllowed = ALLOWED[kind].includes(name) && isInReach;
          // What is let in to a stream stays there.
          if (isAllowed && /\/(?:stream|changes)$/.test(path)) continue;
          const { status } = await server.call(`${method.toUpperCase()} ${path}`, { token, body });
          expect([kind, bound, method, path, isRefusal(status) ? "refused" : "let in"]).toEqual([
            kind,
            bound,
            method,
            path,
            isAllowed ? "let in" : "refused",
          ]);
          if (!isAllowed) expect(status).toBeGreaterThanOrEqual(400);
        }
      }
    },
    60_000,
  );

  it("say which scope or environment is missing", async () => {
    const viewer = await server.token("viewer");
    expect(
      await server.call("POST /api/v1/environments/production/flags/a/kill", { token: viewer.text }),
    ).toMatchObject({
      status: 403,
      body: { code: "FORBIDDEN", detail: expect.stringContaining("flags:kill") as string },
    });
    const bound = await server.token("operator", ["staging"]);
    expect(await server.call("POST /api/v1/environments/production/flags/a/kill", { token: bound.text })).toMatchObject(
      {
        status: 403,
        body: { detail: expect.stringContaining('"production"') as string },
      },
    );
    expect(
      await server.call("POST /api/features/rollout", { token: bound.text, body: { feature: "a", percentage: 1 } }),
    ).toMatchObject({ status: 403 });
  });

  it("show a token that is bound to an environment only that one of a flag", async () => {
    await server.call("POST /api/v1/flags", { body: { key: "seen" } });
    const { text: token } = await server.token("viewer", ["staging"]);
    const { body } = await server.call<{ environments: object }>("GET /api/v1/flags/seen", { token });
    expect(Object.keys(body.environments)).toEqual(["staging"]);
    expect((await server.call("GET /api/v1/environments", { token })).body).toMatchObject({
      items: [{ key: "staging" }],
    });
  });

  it("take the environment from an SDK's key, whatever else is asked for", async () => {
    const { text: token } = await server.token("server", ["staging"]);
    expect((await server.call("GET /sdk/v1/flags?environment=production", { token })).body).toMatchObject({
      environment: "staging",
    });
  });
});

describe("a token", () => {
  it("is taken from either header", async () => {
    expect(
      (await server.call("GET /api/v1/flags", { token: undefined, headers: { "x-api-key": server.admin } })).status,
    ).toBe(200);
    expect(
      (
        await server.call("GET /api/v1/flags", {
          token: undefined,
          headers: { authorization: `bearer ${server.admin}` },
        })
      ).status,
    ).toBe(200);
  });

  it.each([
    ["Basic YTpi", "not of the form"],
    ["Bearer nonsense", "no token of this server"],
  ])("is told apart from %s", async (authorization, why) => {
    const { status, headers, body } = await server.call("GET /api/v1/flags", {
      token: undefined,
      headers: { authorization },
    });
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    expect(body.detail).toContain(why);
  });

  it("with a typing error is told apart from one that is unknown", async () => {
    const swapped = server.admin.slice(0, 20) + (server.admin[20] === "A" ? "B" : "A") + server.admin.slice(21);
    expect((await server.call("GET /api/v1/flags", { token: swapped })).body.detail).toContain("checksum");
    const other = await startTestServer();
    expect((await server.call("GET /api/v1/flags", { token: other.admin })).body.detail).toContain("unknown");
  });

  it("is worthless once it has expired", async () => {
    const { text: token } = await server.token("viewer", ["*"], { expiresAt: Date.now() - 1 });
    expect(await server.call("GET /api/v1/flags", { token })).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining("expired") as string },
    });
  });

  it("never shows in the log", async () => {
    await server.call("POST /api/v1/flags", { body: { key: "logged", reason: `with ${server.admin}` } });
    await server.call(`POST /api/v1/environments/production/flags/${server.admin}/kill`);
    expect(server.logs.join("")).toContain("/kill");
    expect(server.logs.join("")).not.toContain(server.admin);
  });
});

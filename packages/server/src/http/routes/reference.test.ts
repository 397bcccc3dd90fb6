import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CODES } from "../codes.ts";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll });
  document = (await server.call<Document>("GET /openapi.json", { token: undefined })).body;
});

const operations = (): readonly (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );

describe("the OpenAPI document", () => {
  it("is OpenAPI 3.1 with an operation for every path that the server is for", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info).toMatchObject({ title: "Rampart", version: "0.1.0" });
    const names = operations().map(([name]) => name);
    const needed = [
      "get /api/v1/flags",
      "post /api/v1/flags",
      "get /api/v1/flags/{key}",
      "patch /api/v1/flags/{key}",
      "delete /api/v1/flags/{key}",
      "get /api/v1/environments/{env}/flags/{key}",
      "patch /api/v1/environments/{env}/flags/{key}",
      "post /api/v1/environments/{env}/flags/{key}/rollout",
      "post /api/v1/environments/{env}/flags/{key}/kill",
      "post /api/v1/environments/{env}/flags/{key}/restore",
      "post /api/features/rollout",
      "get /api/v1/plans",
      "post /api/v1/plans",
      "get /api/v1/plans/{name}",
      "post /api/v1/plans/validate",
      "post /api/v1/plans/simulate",
      "post /api/v1/plans/backtest",
      "get /schemas/rollout-plan.json",
      "get /api/v1/rollouts",
      "post /api/v1/rollouts",
      "get /api/v1/rollouts/{id}",
      "put /api/v1/rollouts/{id}/plan",
      "get /api/v1/rollouts/{id}/evidence",
      "get /api/v1/rollouts/{id}/events",
      ...["start", "approve", "reject", "tick", "pause", "resume", "promote", "rollback", "cancel", "acknowledge"].map(
        (command) => `post /api/v1/rollouts/{id}/${command}`,
      ),
      "get /api/v1/outbox",
      "post /api/v1/signals",
      "post /api/v1/integrations/alertmanager",
      "get /api/v1/segments",
      "post /api/v1/segments",
      "get /api/v1/segments/{key}",
      "patch /api/v1/segments/{key}",
      "delete /api/v1/segments/{key}",
      "get /api/v1/tokens",
      "post /api/v1/tokens",
      "delete /api/v1/tokens/{id}",
      "get /api/v1/audit",
      "get /api/v1/audit/export",
      "get /api/v1/environments",
      "get /api/v1/environments/{env}/clients",
      "post /api/v1/environments/{env}/evaluate",
      "get /sdk/v1/flags",
      "get /sdk/v1/stream",
      "post /sdk/v1/ack",
      "post /sdk/v1/events",
      "get /health",
      "get /api/healthz",
      "get /ready",
      "get /metrics",
      "get /api/public/metrics.prom",
      "get /openapi.json",
      "get /docs",
    ];
    expect(needed.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("is valid by the schema of its version", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document) as object as Record<string, unknown>);
    expect({ version: validator.version, valid, errors }).toEqual({ version: "3.1", valid: true, errors: undefined });
  });

  it("names each operation once, says what it needs, and declares every parameter of its path", () => {
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, { parameters = [], responses, summary }] of operations()) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect(parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name)).toEqual(
        inPath,
      );
      expect(summary).not.toBe("");
      expect(Object.keys(responses).some((status) => status.startsWith("2"))).toBe(true);
    }
  });

  it("refers to nothing that is not in it", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name ?? "",
    );
    expect(references.length).toBeGreaterThan(50);
    expect([...new Set(references)].filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
  });

  it("says of every guarded operation that it can answer 401, 403 and 429", () => {
    for (const [name, { security, responses }] of operations()) {
      const guarded = security.length > 0;
      expect([name, "401" in responses, "403" in responses]).toEqual([name, guarded, guarded]);
      expect(Object.keys(responses)).toContain("429");
    }
  });
});

describe("the reference page", () => {
  it("shows every operation, object and problem", async () => {
    const { status, headers, text } = await server.call("GET /docs", { token: undefined });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const path of Object.keys(document.paths)) expect(text).toContain(`<code>${path}</code>`);
    for (const code of Object.keys(CODES)) expect(text).toContain(`id="${code}"`);
    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`id="schema-${name.toLowerCase()}"`);
  });

  it("needs nothing from elsewhere, and its policy lets nothing else in", async () => {
    const { headers, text } = await server.call("GET /docs");
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\son\w+=|style="|@import|url\(/i);
    expect([...text.matchAll(/href="([^"]*)"/g)].filter(([, target]) => !/^[#/]/.test(target ?? ""))).toEqual([]);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; /);
  });

  it("links to no place that it does not have", async () => {
    const { text } = await server.call("GET /docs");
    const ids = new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    expect([...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !ids.has(id))).toEqual([]);
  });
});

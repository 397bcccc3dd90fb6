import type { RouteConfig } from "@hono/zod-openapi";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { scopesOf } from "../domain/tokens.ts";
import type { ProblemCode } from "./codes.ts";
import { CODES } from "./codes.ts";
import type { Guard, Route } from "./route.ts";
import { problem, tokenKind } from "./schemas.ts";

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

const DESCRIPTION = `Ramp a feature up in stages, watch its health, take it back to 0 % everywhere.

Every path but the health checks and this reference needs a token in the header \`authorization: Bearer <token>\` (or \`x-api-key\`). Failures are \`application/problem+json\`: \`code\` is stable, \`hint\` says what to do.`;

/** Problems that any guarded route may answer with. */
const COMMON_PROBLEMS: readonly ProblemCode[] = ["UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "INTERNAL"];

/** Problems of any route that takes a body. */
const BODY_PROBLEMS: readonly ProblemCode[] = ["MALFORMED_JSON", "FORBIDDEN_KEY", "BODY_TOO_LARGE"];

/** The description of all routes, made from what guards and serves them. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "A token or SDK key",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "The same, in another header",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "ticket", {
    type: "apiKey",
    in: "query",
    name: "ticket",
    description: "A ticket that is good once, for a minute",
  });
  for (const route of routes) app.openAPIRegistry.registerPath(pathOf(route));
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Rampart",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}

/** Scope and kinds of tokens, in words. */
export function guardText(guard: Guard): string {
  switch (guard.kind) {
    case "open":
      return "No token needed.";
    case "ticket":
      return "Takes a ticket in place of a token.";
    case "scope":
      return `Scope \`${guard.scope}\` (${kindsWith(guard.scope)})${reachText(guard)}.`;
  }
}

function kindsWith(scope: Parameters<ReturnType<typeof scopesOf>["has"]>[0]): string {
  const kinds = tokenKind.options.filter((kind) => scopesOf(kind).has(scope));
  return kinds.length === 0 ? "no kind of token" : kinds.join(", ");
}

function reachText({ reach }: Extract<Guard, { readonly kind: "scope" }>): string {
  switch (reach) {
    case "some":
      return "";
    case "path":
      return ", good for the environment";
    case "all":
      return ", good for all environments";
    case "key":
      return ", bound to the environment that is meant";
  }
}

function pathOf({ spec, guard }: Route): RouteConfig {
  const params = [...spec.path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ""]) => [name, z.string().openapi({ description: PARAMS[name] ?? name })] as const,
  );
  const body = spec.bodyShown ?? spec.body;
  return {
    method: spec.method,
    path: spec.path,
    tags: [spec.tag],
    summary: spec.summary,
    description: [spec.description, guardText(guard)].filter((text) => text !== undefined).join("\n\n"),
    operationId: `${spec.method}${spec.path.replaceAll(/[/{}.]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    security: SECURITY[guard.kind],
    request: {
      ...(params.length === 0 ? {} : { params: z.object(Object.fromEntries(params)) }),
      ...(spec.query === undefined ? {} : { query: spec.query as z.ZodObject }),
      ...(body === undefined
        ? {}
        : { body: { required: spec.bodyOptional !== true, content: bodyContent(spec, body) } }),
    },
    responses: { ...answersOf({ spec, guard }), ...problemsOf({ spec, guard }) },
  };
}

const SECURITY: { readonly [kind in Guard["kind"]]: NonNullable<RouteConfig["security"]> } = {
  open: [],
  ticket: [{ ticket: [] }],
  scope: [{ token: [] }, { apiKey: [] }],
};

function bodyContent(
  { bodyOfText }: Route["spec"],
  schema: z.ZodType,
): { readonly [type: string]: { readonly schema: z.ZodType } } {
  return { "application/json": { schema }, ...(bodyOfText && { "application/yaml": { schema: z.string() } }) };
}

const PARAMS: { readonly [name: string]: string } = {
  env: "The environment's key, like production",
  key: "The key; slashes in it may be encoded or not",
  id: "The id",
  name: "The plan's name",
};

function answersOf({ spec }: Pick<Route, "spec" | "guard">): RouteConfig["responses"] {
  return Object.fromEntries(
    Object.entries(spec.answers).map(([status, { description, schema, contentType }]) => [
      status,
      schema === undefined && contentType === undefined
        ? { description }
        : { description, content: { [contentType ?? "application/json"]: { schema: schema ?? z.string() } } },
    ]),
  );
}

function problemsOf({ spec, guard }: Pick<Route, "spec" | "guard">): RouteConfig["responses"] {
  const codes = [
    ...(spec.problems ?? []),
    ...(guard.kind === "open" ? ["RATE_LIMITED" as const] : COMMON_PROBLEMS),
    ...(spec.body === undefined ? [] : BODY_PROBLEMS),
  ];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(CODES[code].status, [...(byStatus.get(CODES[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => spec.answers[status] === undefined)
      .map(([status, those]) => [
        status,
        { description: those.join(", "), content: { "application/problem+json": { schema: problem } } },
      ]),
  );
}

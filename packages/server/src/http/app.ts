import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { Hono } from "hono";
import { preflightHeaders } from "./cors.ts";
import type { ServingParts } from "./parts.ts";
import type { Routed } from "./pipeline.ts";
import { Pipeline } from "./pipeline.ts";
import type { Authenticator } from "./authenticator.ts";
import { problemReply } from "./problem.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./route.ts";

type Env = { Bindings: HttpBindings };

/** The router over all routes. Answers are written to Node's own response: the framework's would cost as much as making them. */
export function createApp(parts: ServingParts, routes: readonly Route[], authenticator: Authenticator): Hono<Env> {
  const pipeline = new Pipeline(parts, authenticator);
  const patterns = routes.map(({ spec }) => ({ pattern: pathPattern(spec.path), method: spec.method.toUpperCase() }));
  const app = new Hono<Env>();
  for (const route of routes) {
    const below = routesBelow(route, routes);
    app.on(route.spec.method.toUpperCase(), routerPath(route.spec.path), async (c) => {
      const request = routed(c);
      const found = below.find(({ suffix }) => request.path.endsWith(suffix));
      if (found === undefined) await pipeline.serve(route, request);
      else await pipeline.serve(found.route, withoutSuffix(request, found.suffix));
      return RESPONSE_ALREADY_SENT;
    });
  }
  for (const path of new Set(routes.filter(({ spec }) => spec.browsers).map(({ spec }) => spec.path))) {
    const methods = patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    app.on("OPTIONS", routerPath(path), async (c) => {
      await pipeline.serveMissing(routed(c), { status: 204, headers: preflightHeaders(methods) });
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.notFound(async (c) => {
    const methods = patterns.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    await pipeline.serveMissing(routed(c), missing(c.req.method, c.req.path, [...new Set(methods)]));
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/**
 * What the router takes for a part of the key, which may hold slashes: routes of the same method that go on after it. (A router that could
 * tell takes ten times as long for every request.) A key that ends like one is written with `%2F`.
 */
function routesBelow(
  { spec: { method, path } }: Route,
  routes: readonly Route[],
): readonly { readonly route: Route; readonly suffix: string }[] {
  if (!path.endsWith("{key}")) return [];
  return routes
    .filter(({ spec }) => spec.method === method && spec.path.startsWith(`${path}/`))
    .map((route) => ({ route, suffix: route.spec.path.slice(path.length) }));
}

function withoutSuffix(request: Routed, suffix: string): Routed {
  const { key = "", ...params } = request.params;
  return { ...request, params: { ...params, key: key.slice(0, -suffix.length) } };
}

function routed(c: Context<Env>): Routed {
  return { ...c.env, path: c.req.path, params: c.req.param(), query: c.req.query() };
}

/** OpenAPI's `{key}` as the router writes it; a flag's key may hold slashes. */
function routerPath(path: string): string {
  return path.replaceAll("{key}", ":key{.+}").replaceAll(/\{(\w+)\}/g, ":$1");
}

/** The same as a pattern. */
function pathPattern(path: string): RegExp {
  const parts = path.split(/(\{\w+\})/);
  const source = parts.map((part) =>
    part === "{key}" ? ".+" : part.startsWith("{") ? "[^/]+" : part.replaceAll(".", "\\."),
  );
  return new RegExp(`^${source.join("")}$`);
}

function missing(method: string, path: string, methods: readonly string[]): Reply {
  const shown = path.slice(0, 200);
  if (methods.length === 0) {
    return problemReply({
      code: "ROUTE_NOT_FOUND",
      detail: `There is nothing at ${method} ${shown}.`,
      hint: "All paths are listed at /docs and in /openapi.json.",
    });
  }
  const allow = methods.join(", ");
  return problemReply(
    { code: "METHOD_NOT_ALLOWED", detail: `${method} is not possible at ${shown}.`, hint: `Possible: ${allow}.` },
    { allow },
  );
}

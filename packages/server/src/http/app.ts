import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { Hono } from "hono";
import { clientAddress } from "./address.ts";
import type { BodyRules } from "./body.ts";
import { readBody } from "./body.ts";
import { failureOf } from "./failure.ts";
import { authorize, authorizeAll, authorizeIn, authorizeKey } from "./grant.ts";
import type { Grant } from "./grant.ts";
import type { Lane } from "./lanes.ts";
import { Lanes, ratesAround } from "./lanes.ts";
import type { HttpParts } from "./parts.ts";
import type { Authenticator } from "./principal.ts";
import { ProblemError, problemReply } from "./problem.ts";
import type { Reply } from "./reply.ts";
import { send, TAKEN_OVER } from "./reply.ts";
import type { Call, Route } from "./route.ts";
import { checked } from "./validate.ts";

/** Bodies are larger than this only where a route says so. */
const BODY_MAX_BYTES = 64 * 1024;

/** Lanes whose writes are logged: what people and pipelines do, not what ten thousand SDKs do all day. */
const LOGGED_LANES: ReadonlySet<Lane> = new Set(["admin", "kill"]);

type Env = { Bindings: HttpBindings };

/** The whole of one request's way: who, how often, may they, what exactly, do it, say so. */
export function createApp(parts: HttpParts, routes: readonly Route[], authenticator: Authenticator): Hono<Env> {
  const lanes = new Lanes(ratesAround(parts.requestsPerSecond));
  const app = new Hono<Env>();
  for (const route of routes) {
    app.on(route.spec.method.toUpperCase(), routerPath(route.spec.path), (c) => serve(route, c));
  }
  app.notFound((c) => serveMissing(c));
  return app;

  async function serve(route: Route, c: Context<Env>): Promise<Response> {
    const { incoming, outgoing } = c.env;
    const startedMs = parts.clock.monotonicMs();
    let status: number;
    try {
      const reply = await handle(route, c, incoming, outgoing);
      if (reply !== TAKEN_OVER) send(outgoing, reply, { close: parts.phase() === "closing" });
      status = outgoing.statusCode;
    } catch (cause) {
      const reply = await replyTo(cause, clientAddress(incoming, parts.trustedProxies), c);
      status = reply.status;
      answerFailure(outgoing, reply);
    }
    const tookMs = parts.clock.monotonicMs() - startedMs;
    const { method, path, lane } = route.spec;
    parts.meter.requested(method, path, status, tookMs / 1000);
    if (method !== "get" && LOGGED_LANES.has(lane))
      parts.logger.info({ method, path: c.req.path, status, tookMs: Math.round(tookMs) }, "request");
    return RESPONSE_ALREADY_SENT;
  }

  async function handle(
    route: Route,
    c: Context<Env>,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<Reply | typeof TAKEN_OVER> {
    const { spec } = route;
    const address = clientAddress(incoming, parts.trustedProxies);
    const params: { readonly [name: string]: string } = c.req.param();
    const grant = await admit(route, incoming, address, params);
    const query = checked(spec.query, c.req.query(), "INVALID_QUERY");
    const body =
      spec.body === undefined
        ? undefined
        : checked(spec.body, await readBody(incoming, rulesOf(route)), "INVALID_BODY");
    const call: Call<unknown, unknown, unknown, unknown> = { grant, params, query, body, address, incoming, outgoing };
    return route.handle(call as Call<never, never, never, never>);
  }

  async function admit(
    route: Route,
    incoming: IncomingMessage,
    address: string,
    params: { readonly [name: string]: string },
  ): Promise<Grant | undefined> {
    const { guard, spec } = route;
    if (guard.kind === "open") {
      await lanes.enter(spec.lane, { tokenId: undefined, address });
      return undefined;
    }
    const principal = await authenticator.authenticate(incoming);
    await lanes.enter(spec.lane, { tokenId: principal.tokenId, address });
    const grant = authorize(principal, guard.scope);
    switch (guard.reach) {
      case "some":
        return grant;
      case "all":
        return authorizeAll(grant);
      case "key":
        return authorizeKey(grant, parts.feeds.keys());
      case "path":
        return authorizeIn(grant, params["env"] ?? "", parts.feeds.keys());
    }
  }

  async function replyTo(cause: unknown, address: string, c: Context<Env>): Promise<Reply> {
    if (cause instanceof ProblemError) {
      if (cause.failure.code !== "UNAUTHENTICATED") return problemReply(cause.failure, cause.headers);
      try {
        await lanes.failed(address);
      } catch (limited) {
        if (limited instanceof ProblemError) return problemReply(limited.failure, limited.headers);
        throw limited;
      }
      return problemReply(cause.failure, cause.headers);
    }
    const requestId = Buffer.from(parts.randomBytes(8)).toString("hex");
    const failure = failureOf(cause, requestId);
    parts.logger.error(
      { requestId, code: failure.code, method: c.req.method, path: c.req.path, err: cause },
      "a request failed",
    );
    return problemReply(failure, { "x-request-id": requestId });
  }

  function answerFailure(outgoing: ServerResponse, reply: Reply): void {
    // Too late to say anything: a cut connection at least is not taken for a whole answer.
    if (outgoing.headersSent) outgoing.destroy();
    else send(outgoing, reply, { close: parts.phase() === "closing" });
  }

  async function serveMissing(c: Context<Env>): Promise<Response> {
    const { incoming, outgoing } = c.env;
    const address = clientAddress(incoming, parts.trustedProxies);
    let reply = missing(c.req.method, c.req.path, routes);
    try {
      await lanes.enter("open", { tokenId: undefined, address });
    } catch (cause) {
      reply = await replyTo(cause, address, c);
    }
    parts.meter.requested("other", "none", reply.status, 0);
    send(outgoing, reply, { close: parts.phase() === "closing" });
    return RESPONSE_ALREADY_SENT;
  }
}

/** OpenAPI's `{key}` as the router writes it; a flag's key may hold slashes. */
function routerPath(path: string): string {
  return path.replaceAll("{key}", ":key{.+}").replaceAll(/\{(\w+)\}/g, ":$1");
}

function rulesOf({ spec }: Route): BodyRules {
  return {
    maxBytes: spec.bodyMaxBytes ?? BODY_MAX_BYTES,
    anyContentType: spec.anyContentType ?? false,
    optional: spec.bodyOptional ?? false,
    ofText: spec.bodyOfText,
  };
}

function missing(method: string, path: string, routes: readonly Route[]): Reply {
  const allowed = routes
    .filter(({ spec }) => pathPattern(spec.path).test(path))
    .map(({ spec }) => spec.method.toUpperCase());
  if (allowed.length === 0) {
    return problemReply({
      code: "ROUTE_NOT_FOUND",
      detail: `There is nothing at ${method} ${path.slice(0, 200)}.`,
      hint: "All paths are listed at /docs and in /openapi.json.",
    });
  }
  const allow = [...new Set(allowed)].join(", ");
  return problemReply(
    {
      code: "METHOD_NOT_ALLOWED",
      detail: `${method} is not possible at ${path.slice(0, 200)}.`,
      hint: `Possible: ${allow}.`,
    },
    { allow },
  );
}

function pathPattern(path: string): RegExp {
  const source = path
    .split(/(\{\w+\})/)
    .map((part) => (part === "{key}" ? ".+" : part.startsWith("{") ? "[^/]+" : part.replaceAll(".", "\\.")));
  return new RegExp(`^${source.join("")}$`);
}

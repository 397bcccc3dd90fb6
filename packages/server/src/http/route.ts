import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "@hono/zod-openapi";
import type { Scope } from "../domain/tokens.ts";
import type { ProblemCode } from "./codes.ts";
import type { EnvironmentGrant, Grant } from "./grant.ts";
import type { Lane } from "./lanes.ts";
import type { Failure } from "./problem.ts";
import type { Reply, TAKEN_OVER } from "./reply.ts";

/** The methods that routes are made for, as Hono writes them. */
export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The parameters that a path names: `/a/{b}/c` has `b`. `key` may hold slashes, encoded or not. */
export type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [name in Name]: string } & ParamsOf<Rest>
  : unknown;

/** An answer as the reference describes it. */
export interface AnswerSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
}

/** What a route is, for the router, the checks and the reference alike. */
export interface RouteSpec<Path extends string, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: Method;
  /** In the manner of OpenAPI: `/api/v1/flags/{key}`. */
  readonly path: Path;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly lane: Lane;
  readonly query?: Query;
  readonly body?: Body;
  /** What the reference shows for the body, where the domain checks more than `body` does. */
  readonly bodyShown?: z.ZodType;
  /** Bytes; 64 KiB when nothing is said. */
  readonly bodyMaxBytes?: number;
  /** Parse the body as JSON whatever its content type says. */
  readonly anyContentType?: boolean;
  /** No body at all stands for `{}`. */
  readonly bodyOptional?: boolean;
  /** What a body that is YAML or plain text stands for, so that a file can be sent as it is. */
  readonly bodyOfText?: (text: string) => unknown;
  /** Pages of other sites may call it. Only what needs a key that is public anyway, or a ticket. */
  readonly browsers?: boolean;
  /** Without a header the key may stand in the body, as `key`: a beacon has no headers. */
  readonly keyInBody?: boolean;
  /** A failure in another protocol's words; undefined: it has none for it, and a problem is answered. */
  readonly failed?: (failure: Failure, params: { readonly [name: string]: string }) => Reply | undefined;
  /** By status. */
  readonly answers: { readonly [status: number]: AnswerSpec };
  /** The problems that belong to this route, beside those that any may have. */
  readonly problems?: readonly ProblemCode[];
}

/** What a handler is given: everything checked. */
export interface Call<Params, Query, Body, Granted> {
  readonly grant: Granted;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly address: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** What a handler gives back; `TAKEN_OVER`: it wrote the answer itself. */
export type Handled = Reply | typeof TAKEN_OVER | Promise<Reply | typeof TAKEN_OVER>;

/**
 * Which environments the caller's token must be good for: `some` leaves it to the handler (which gets no `EnvironmentGrant`), `path` the one in the path,
 * `all` every one, `key` the single one that an SDK key is bound to.
 */
export type Reach = "some" | "path" | "all" | "key";

/** How a route is guarded. `open` ones are few, and each says why. */
export type Guard =
  | { readonly kind: "open"; readonly because: string }
  /** The handler lets in who shows a ticket for one stream, which only a guarded route gives out. */
  | { readonly kind: "ticket" }
  | { readonly kind: "scope"; readonly scope: Scope; readonly reach: Reach };

/** A route with its types folded away, as the router and the reference see it. */
export interface Route {
  readonly spec: RouteSpec<string, z.ZodType, z.ZodType>;
  readonly guard: Guard;
  readonly handle: (call: Call<never, never, never, never>) => Handled;
}

type GrantFor<R extends Reach> = R extends "path" | "key" ? EnvironmentGrant : Grant;

/** A route that needs a scope. There is no route without this or `openRoute`, so none is open by oversight. */
export function route<
  const Path extends string,
  R extends Reach,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(
  guard: { readonly scope: Scope; readonly reach: R },
  spec: RouteSpec<Path, Query, Body>,
  handle: (call: Call<ParamsOf<Path>, z.output<Query>, z.output<Body>, GrantFor<R>>) => Handled,
): Route {
  return { spec, guard: { kind: "scope", ...guard }, handle };
}

/** A route that anybody may call. */
export function openRoute<const Path extends string, Query extends z.ZodType = z.ZodUndefined>(
  because: string,
  spec: RouteSpec<Path, Query, z.ZodUndefined>,
  handle: (call: Call<ParamsOf<Path>, z.output<Query>, undefined, undefined>) => Handled,
): Route {
  return { spec, guard: { kind: "open", because }, handle };
}

/** A route whose handler lets in who shows a ticket in the query. */
export function ticketRoute<const Path extends string, Query extends z.ZodType>(
  spec: RouteSpec<Path, Query, z.ZodUndefined>,
  handle: (call: Call<ParamsOf<Path>, z.output<Query>, undefined, undefined>) => Handled,
): Route {
  return { spec, guard: { kind: "ticket" }, handle };
}

/** As `openRoute`, with a body. */
export function openBodyRoute<const Path extends string, Body extends z.ZodType>(
  because: string,
  spec: RouteSpec<Path, z.ZodUndefined, Body>,
  handle: (call: Call<ParamsOf<Path>, undefined, z.output<Body>, undefined>) => Handled,
): Route {
  return { spec, guard: { kind: "open", because }, handle };
}

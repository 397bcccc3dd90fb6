import type { IncomingMessage, ServerResponse } from "node:http";
import { clientAddress } from "./address.ts";
import type { BodyRules } from "./body.ts";
import { readBody } from "./body.ts";
import { allowAnyOrigin, allowOriginsOf } from "./cors.ts";
import { failureOf } from "./failure.ts";
import type { Grant } from "./grant.ts";
import { authorize, authorizeAll, authorizeIn, authorizeKey } from "./grant.ts";
import type { Lane } from "./lanes.ts";
import { Lanes, ratesAround } from "./lanes.ts";
import type { ServingParts } from "./parts.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Principal } from "./principal.ts";
import { ProblemError, problemReply } from "./problem.ts";
import type { Reply } from "./reply.ts";
import { send, TAKEN_OVER } from "./reply.ts";
import type { Call, Route } from "./route.ts";
import { traceIdOf } from "./traceparent.ts";
import { checked } from "./validate.ts";

/** Bodies are larger than this only where a route says so. */
const BODY_MAX_BYTES = 64 * 1024;

/** Lanes whose writes are logged: what people and pipelines do, not what ten thousand SDKs do all day. */
const LOGGED_LANES: ReadonlySet<Lane> = new Set(["admin", "kill"]);

/** A request id that a proxy has given is kept, so that its log and this one can be put side by side. */
const REQUEST_ID = /^[\w-]{8,64}$/;

/** A request as the router has understood it. */
export interface Routed {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly path: string;
  readonly params: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
}

/** What becomes known of a request on its way, for the log. */
interface Trace {
  readonly requestId: string;
  readonly address: string;
  principal: Principal | undefined;
}

/** The whole of one request's way: who, how often, may they, what exactly, do it, say so. */
export class Pipeline {
  readonly #parts: ServingParts;
  readonly #authenticator: Authenticator;
  readonly #lanes: Lanes;

  constructor(parts: ServingParts, authenticator: Authenticator) {
    this.#parts = parts;
    this.#authenticator = authenticator;
    this.#lanes = new Lanes(ratesAround(parts.requestsPerSecond));
  }

  /** Answers a request by a route. Never rejects. */
  async serve(route: Route, routed: Routed): Promise<void> {
    const { clock, meter, logger } = this.#parts;
    const startedMs = clock.monotonicMs();
    const trace = this.#trace(routed);
    await this.#answer(routed, trace, () => this.#inWordsOf(route, routed, this.#handle(route, routed, trace)));
    const tookMs = clock.monotonicMs() - startedMs;
    const { method, path, lane } = route.spec;
    const status = routed.outgoing.statusCode;
    meter.requested(method, path, status, tookMs / 1000);
    if (method === "get" || !LOGGED_LANES.has(lane)) return;
    const { requestId, address, principal } = trace;
    const facts = { requestId, method, path: routed.path, status, tookMs: Math.round(tookMs) };
    logger.info({ ...facts, actor: principal?.actor, address }, "request");
  }

  /** Answers a request that there is no route for, or that is only a preflight of one. Never rejects. */
  async serveMissing(routed: Routed, reply: Reply): Promise<void> {
    const trace = this.#trace(routed);
    await this.#answer(routed, trace, async () => {
      await this.#lanes.enter("open", { tokenId: undefined, address: trace.address });
      return reply;
    });
    this.#parts.meter.requested("other", "none", routed.outgoing.statusCode, 0);
  }

  #trace({ incoming }: Routed): Trace {
    const { "x-request-id": given } = incoming.headers;
    const isGiven = typeof given === "string" && REQUEST_ID.test(given);
    const requestId = isGiven ? given : Buffer.from(this.#parts.randomBytes(8)).toString("hex");
    return { requestId, address: clientAddress(incoming, this.#parts.trustedProxies), principal: undefined };
  }

  async #handle(route: Route, routed: Routed, trace: Trace): Promise<Reply | typeof TAKEN_OVER> {
    const { spec } = route;
    const { incoming, outgoing, params } = routed;
    if (spec.browsers === true) allowAnyOrigin(outgoing);
    const early = await this.#bodyWithKey(route, routed, trace);
    const grant = await this.#admit(route, routed, trace, keyIn(early?.body));
    const query = checked(spec.query, routed.query, "INVALID_QUERY");
    const body =
      spec.body === undefined
        ? undefined
        : checked(
            spec.body,
            early === undefined ? await readBody(incoming, rulesOf(route)) : early.body,
            "INVALID_BODY",
          );
    const call: Call<unknown, unknown, unknown, unknown> = {
      grant,
      params,
      query,
      body,
      address: trace.address,
      incoming,
      outgoing,
    };
    return route.handle(call as Call<never, never, never, never>);
  }

  /** What fails in a route of another protocol is told in its words, where it has some. */
  async #inWordsOf(
    { spec }: Route,
    { params }: Routed,
    made: Promise<Reply | typeof TAKEN_OVER>,
  ): Promise<Reply | typeof TAKEN_OVER> {
    if (spec.failed === undefined) return made;
    try {
      return await made;
    } catch (cause) {
      const reply = cause instanceof ProblemError ? spec.failed(cause.failure, params) : undefined;
      if (reply === undefined) throw cause;
      return reply;
    }
  }

  /** The body of a call that has its key in there and nowhere else, read before it is known who calls. */
  async #bodyWithKey(
    route: Route,
    { incoming }: Routed,
    { address }: Trace,
  ): Promise<{ readonly body: unknown } | undefined> {
    if (route.spec.keyInBody !== true || incoming.headers.authorization !== undefined) return undefined;
    await this.#lanes.enter("open", { tokenId: undefined, address });
    return { body: await readBody(incoming, rulesOf(route)) };
  }

  async #admit(
    { guard, spec }: Route,
    { incoming, outgoing, params }: Routed,
    trace: Trace,
    key: string | undefined,
  ): Promise<Grant | undefined> {
    const { address } = trace;
    if (guard.kind !== "scope") {
      await this.#lanes.enter(spec.lane, { tokenId: undefined, address });
      return undefined;
    }
    const principal = await this.#authenticator.authenticate(incoming, key);
    trace.principal = principal;
    if (spec.browsers === true) allowOriginsOf(principal, { incoming, outgoing });
    await this.#lanes.enter(spec.lane, { tokenId: principal.tokenId, address });
    const grant = authorize(principal, guard.scope, traceIdOf(incoming));
    const environments = this.#parts.feeds.keys();
    switch (guard.reach) {
      case "some":
        return grant;
      case "all":
        return authorizeAll(grant);
      case "key":
        return authorizeKey(grant, environments);
      case "path":
        return authorizeIn(grant, params["env"] ?? "", environments);
    }
  }

  async #answer(
    { incoming, outgoing, path }: Routed,
    trace: Trace,
    make: () => Promise<Reply | typeof TAKEN_OVER>,
  ): Promise<void> {
    let reply: Reply | typeof TAKEN_OVER;
    try {
      reply = await make();
    } catch (cause) {
      reply = await this.#failed(cause, trace, { method: incoming.method, path });
    }
    if (reply === TAKEN_OVER) return;
    // Too late to say anything: a cut connection at least is not taken for a whole answer.
    if (outgoing.headersSent) outgoing.destroy();
    else
      send(
        outgoing,
        { ...reply, headers: { ...reply.headers, "x-request-id": trace.requestId } },
        { close: this.#parts.phase() === "closing" },
      );
  }

  async #failed(cause: unknown, { requestId, address }: Trace, request: object): Promise<Reply> {
    if (cause instanceof ProblemError) {
      const isGuess = cause.failure.code === "UNAUTHENTICATED";
      const { failure, headers } = isGuess ? await this.#countGuess(cause, address) : cause;
      return problemReply(failure, headers);
    }
    const failure = failureOf(cause, requestId);
    this.#parts.logger.error({ requestId, code: failure.code, ...request, err: cause }, "a request failed");
    return problemReply(failure);
  }

  async #countGuess(unauthenticated: ProblemError, address: string): Promise<ProblemError> {
    try {
      await this.#lanes.failed(address);
      return unauthenticated;
    } catch (limited) {
      if (limited instanceof ProblemError) return limited;
      throw limited;
    }
  }
}

function keyIn(body: unknown): string | undefined {
  const key = typeof body === "object" && body !== null && "key" in body ? body.key : undefined;
  return typeof key === "string" ? key : undefined;
}

function rulesOf({ spec }: Route): BodyRules {
  return {
    maxBytes: spec.bodyMaxBytes ?? BODY_MAX_BYTES,
    anyContentType: spec.anyContentType ?? false,
    optional: spec.bodyOptional ?? false,
    ofText: spec.bodyOfText,
  };
}

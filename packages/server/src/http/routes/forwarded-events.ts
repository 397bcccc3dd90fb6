import type { IncomingMessage } from "node:http";
import { z } from "@hono/zod-openapi";
import type { ForwardedReport, Forwarder } from "../../ports/relaying.ts";
import { parseJson } from "../body.ts";
import type { Reply } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { EVENTS_MAX_BYTES, type Where } from "./events.ts";

/** By these the server that counts a report knows whose it is, and whose pages may send it. */
const HEADERS_KEPT = ["authorization", "x-api-key", "origin"] as const;

/**
 * What SDKs measured, at a relay: handed on as it came, with the caller's own key, and answered as it is answered there. Nothing waits here, so that
 * nothing is lost here: who gets no answer sends it again, under the same number.
 */
export function forwardedEventsRoute(forwarder: Forwarder, { path, scope, tag, browsers = false }: Where): Route {
  return route(
    { scope, reach: "key" },
    {
      method: "post",
      path,
      tag,
      summary: "Report what was measured",
      ...(browsers ? { browsers, keyInBody: true, bodyOfText: parseJson } : {}),
      lane: "events",
      bodyMaxBytes: EVENTS_MAX_BYTES,
      body: z.looseObject({}),
      answers: { 204: { description: "Counted" } },
    },
    async ({ body, incoming }): Promise<Reply> => {
      const { status, body: said, retryAfter } = await forwarder.forward({ path, headers: headersOf(incoming), body });
      const headers = { "cache-control": "no-store", ...(retryAfter !== undefined && { "retry-after": retryAfter }) };
      return status < 300
        ? { status, headers }
        : { status, headers: { ...headers, "content-type": "application/problem+json" }, body: said };
    },
  );
}

function headersOf({ headers }: IncomingMessage): ForwardedReport["headers"] {
  const kept = HEADERS_KEPT.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(
    kept.filter((entry): entry is readonly [(typeof entry)[0], string] => typeof entry[1] === "string"),
  );
}

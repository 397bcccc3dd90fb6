import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { BASIS_HEADER, INSTANCE_HEADER, SDK_HEADER } from "@rampart/core";
import { SIGNATURE_HEADER } from "./client-request.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";

/** Browsers keep a preflight's answer no longer than this. */
const PREFLIGHT_SECONDS = 7_200;

const ALLOW_ORIGIN = "access-control-allow-origin";

const ALLOW_HEADERS = [
  "authorization",
  "content-type",
  "if-none-match",
  "x-api-key",
  INSTANCE_HEADER,
  SDK_HEADER,
  BASIS_HEADER,
  SIGNATURE_HEADER,
].join(", ");

const EXPOSE_HEADERS = ["etag", "retry-after", BASIS_HEADER, "x-request-id"].join(", ");

/** Answer to a preflight, which carries no key: which pages may go on is told with the real answer. */
export function preflightHeaders(methods: readonly string[]): OutgoingHttpHeaders {
  return {
    [ALLOW_ORIGIN]: "*",
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": ALLOW_HEADERS,
    "access-control-max-age": String(PREFLIGHT_SECONDS),
  };
}

/** Lets pages of every origin read the answer: nothing in it is anybody's unless a key was shown. Never with credentials. */
export function allowAnyOrigin(outgoing: ServerResponse): void {
  outgoing.setHeader(ALLOW_ORIGIN, "*");
  outgoing.setHeader("access-control-expose-headers", EXPOSE_HEADERS);
}

/**
 * Once the key is known: only pages of its origins may use it. Throws a 403 `ProblemError`. A call that names no origin does not come
 * from another site's page.
 */
export function allowOriginsOf(
  { browsers }: Pick<Principal, "browsers">,
  { incoming, outgoing }: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
): void {
  if (browsers === undefined || browsers.origins.length === 0) return;
  const { origin } = incoming.headers;
  outgoing.setHeader("vary", "origin");
  if (origin === undefined) return;
  if (browsers.origins.includes(origin.toLowerCase())) {
    outgoing.setHeader(ALLOW_ORIGIN, origin);
    return;
  }
  outgoing.removeHeader(ALLOW_ORIGIN);
  throw new ProblemError({
    code: "ORIGIN_NOT_ALLOWED",
    detail: `Pages of ${JSON.stringify(origin.slice(0, 120))} may not use this client key.`,
    hint: "Make a key that names the origin: rampart tokens create NAME --kind client --origin URL.",
  });
}

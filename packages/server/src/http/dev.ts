import type { IncomingMessage } from "node:http";
import { isLoopback } from "./address.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";

/** The SDK key that development mode takes. */
const DEV_KEY = "dev";

/** The client key that development mode takes, from pages of this machine's own servers: a Vite server has another port, and so another origin. */
const DEV_CLIENT_KEY = "dev-browser";

/** That key as a header. */
export const DEV_AUTHORIZATION = `Bearer ${DEV_KEY}`;

/** The environment of the SDK key `dev`. */
const DEV_ENVIRONMENT = "production";

/** Stands for all roles, whatever their names. A real token carries roles by name, and none by its kind. */
export const EVERY_ROLE = "*";

const DEV_ADMIN: Principal = {
  actor: "dev",
  kind: "admin",
  environments: ["*"],
  roles: [EVERY_ROLE],
  tokenId: "dev",
};
const DEV_SDK: Principal = {
  actor: "dev",
  kind: "server",
  environments: [DEV_ENVIRONMENT],
  roles: [],
  tokenId: "dev-sdk",
};

const DEV_CLIENT: Principal = { ...DEV_SDK, kind: "client", tokenId: "dev-browser" };

/** Names of this machine by which a browser on it may call. Any other name can be made to point here (DNS rebinding). */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Who a call stands for in development mode; undefined when it must show a real token. Only the peer's own address counts here: with
 * a proxy in between, everybody is on this machine. Throws when a web page of another site makes the call.
 */
export function devPrincipal(incoming: IncomingMessage, token: string | undefined): Principal | undefined {
  if (token !== undefined && token !== DEV_KEY && token !== DEV_CLIENT_KEY) return undefined;
  if (!isLoopback(incoming.socket.remoteAddress ?? "") || isForwarded(incoming)) return undefined;
  if (token === DEV_CLIENT_KEY) {
    refuseForeignHost(incoming);
    refuseForeignPage(incoming);
    return DEV_CLIENT;
  }
  refuseCrossSite(incoming);
  return token === DEV_KEY ? DEV_SDK : DEV_ADMIN;
}

/** As `devPrincipal` for a request with the SDK key; undefined where that would throw. */
export function recallDev(incoming: IncomingMessage): Principal | undefined {
  try {
    return devPrincipal(incoming, DEV_KEY);
  } catch {
    return undefined;
  }
}

const isForwarded = ({ headers }: IncomingMessage): boolean =>
  headers["x-forwarded-for"] !== undefined || headers["forwarded"] !== undefined || headers["x-real-ip"] !== undefined;

function refuseForeignHost({ headers: { host = "" } }: IncomingMessage): void {
  if (!LOCAL_HOST.test(host))
    throw crossSite(`the Host header is ${JSON.stringify(host.slice(0, 80))}, which is no name of this machine`);
}

function refuseForeignPage({ headers: { origin } }: IncomingMessage): void {
  if (origin !== undefined && !LOCAL_HOST.test(origin.replace(/^https?:\/\//, "")))
    throw crossSite(`it comes from a page of ${JSON.stringify(origin.slice(0, 80))}`);
}

function refuseCrossSite(incoming: IncomingMessage): void {
  const { headers } = incoming;
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"];
  refuseForeignHost(incoming);
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw crossSite(`the browser says that it is ${site.slice(0, 20)}`);
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    throw crossSite(`it comes from a page of ${JSON.stringify(origin.slice(0, 80))}`);
}

function crossSite(why: string): ProblemError {
  return new ProblemError({
    code: "CROSS_SITE",
    detail: `Without a token only this machine's own programs may call: ${why}.`,
    hint: "Call http://localhost or http://127.0.0.1 directly, or send a token.",
  });
}

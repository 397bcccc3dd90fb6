import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { readLogin } from "./stored.ts";

/** Where a server listens when it was told nothing else. */
export const DEFAULT_URL = "http://127.0.0.1:4001";

/** Which server to talk to, and as whom. */
export interface Connection {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token?: string;
  /** Set when the stored token was kept back because it belongs to another server. */
  readonly withheldFor?: string;
}

/**
 * Options win over `RAMPART_URL` and `RAMPART_TOKEN`, which win over the stored login. A stored token is only ever sent to the
 * server that it was stored for.
 */
export async function resolveConnection(
  io: Io,
  options: { readonly url?: string | undefined; readonly token?: string | undefined },
): Promise<Connection> {
  const url = options.url ?? nonEmpty(io.env["RAMPART_URL"]);
  const token = options.token ?? nonEmpty(io.env["RAMPART_TOKEN"]);
  if (url !== undefined && token !== undefined) return { url: parseUrl(url), token };
  const stored = await readLogin(io);
  const target = parseUrl(url ?? stored?.url ?? DEFAULT_URL);
  if (token !== undefined) return { url: target, token };
  if (stored?.token === undefined) return { url: target };
  return parseUrl(stored.url) === target
    ? { url: target, token: stored.token }
    : { url: target, withheldFor: stored.url };
}

/** Checks a server's URL and takes off the slash at its end. Throws a usage error. */
export function parseUrl(text: string): string {
  const example = `example: ${DEFAULT_URL}`;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) throw usageError(`"${text}" is not a URL`, example);
  const url = new URL(withScheme);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw usageError(`"${text}" has the scheme ${url.protocol}, but a Rampart server speaks http or https`, example);
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError("the URL holds a user name or password", "a token is given by --token or RAMPART_TOKEN");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

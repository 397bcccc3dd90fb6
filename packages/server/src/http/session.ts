import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../ports/clock.ts";
import { ProblemError } from "./problem.ts";

/** After this long people sign in again: a working day and a night on call. */
export const SESSION_MAX_MS = 24 * 60 * 60_000;

const COOKIE = "rampart_session";

/** What a session is for: no other text that is signed with the same secret can be taken for one. */
const PURPOSE = "rampart console session 1";

/**
 * Sessions of the console: a cookie that names a token and an end, and a signature. Nothing is kept of them, so that they outlive a restart
 * and hold on every replica that has the same secret; each request looks the token up, so that a revoked one ends its sessions.
 */
export class Sessions {
  readonly #secret: Uint8Array;
  readonly #clock: Pick<Clock, "now">;

  /** `secret`: 32 random bytes. */
  constructor(secret: Uint8Array, clock: Pick<Clock, "now">) {
    this.#secret = secret;
    this.#clock = clock;
  }

  /** The `Set-Cookie` of a new session. `tokenExpiresAt`: epoch milliseconds; a session ends no later than its token. */
  open(
    tokenId: string,
    { tokenExpiresAt, secure }: { readonly tokenExpiresAt?: number; readonly secure: boolean },
  ): string {
    const expiresAt = Math.min(tokenExpiresAt ?? Infinity, this.#clock.now() + SESSION_MAX_MS);
    const seconds = Math.max(0, Math.floor((expiresAt - this.#clock.now()) / 1000));
    const body = `${tokenId}.${expiresAt}`;
    return cookie(`${body}.${this.#sign(body)}`, seconds, secure);
  }

  /** The `Set-Cookie` that ends a session in this browser. */
  close(secure: boolean): string {
    return cookie("", 0, secure);
  }

  /**
   * The id of the token whose session a request carries; undefined without one, and when it is over. Throws a 403 `ProblemError` when the
   * request was made by another site's page.
   */
  tokenId(incoming: IncomingMessage): string | undefined {
    const [, tokenId = "", expiresAt = "", signature = ""] = VALUE.exec(incoming.headers.cookie ?? "") ?? [];
    if (tokenId === "") return undefined;
    const expected = Buffer.from(this.#sign(`${tokenId}.${expiresAt}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    if (Number(expiresAt) <= this.#clock.now()) return undefined;
    refuseOtherSites(incoming);
    return tokenId;
  }

  #sign(body: string): string {
    return createHmac("sha256", this.#secret).update(`${PURPOSE}\n${body}`).digest("base64url");
  }
}

const VALUE = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]{1,64})\\.(\\d{1,16})\\.([\\w-]{43})(?:;|$)`);

/** Strict: not even a link from elsewhere carries it. */
function cookie(value: string, maxAgeSeconds: number, secure: boolean): string {
  const flags = ["Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${maxAgeSeconds}`, ...(secure ? ["Secure"] : [])];
  return `${COOKIE}=${value}; ${flags.join("; ")}`;
}

/** Whether a browser reached the server over TLS, as far as can be known behind a proxy. A wrong `true` only makes the cookie stricter. */
export function isSecure({ headers }: IncomingMessage, publicUrl: string | undefined): boolean {
  const { host = "" } = headers;
  if (headers["x-forwarded-proto"] === "https") return true;
  return publicUrl?.startsWith("https:") === true && new URL(publicUrl).host === host;
}

/** Browsers say where a request comes from. Those that don't say it still send `Origin` with everything that changes something. */
function refuseOtherSites({ method, headers }: IncomingMessage): void {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return;
  const isRead = method === "GET" || method === "HEAD";
  if (site === "none" && isRead) return;
  if (site === undefined) {
    const { origin, host = "" } = headers;
    if (origin === undefined ? isRead : URL.canParse(origin) && new URL(origin).host === host) return;
  }
  throw new ProblemError({
    code: "CROSS_SITE",
    detail: "A session only counts for the console's own page; this request was made by another.",
    hint: "Open the console itself, or send a token.",
  });
}

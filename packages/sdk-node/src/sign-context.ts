import { createHmac } from "node:crypto";
import type { ClientSignature } from "@rampart/core";

/**
 * Vouches for a context's key towards the server, on behalf of a browser whose client key demands it. Hand the result to the page with the
 * rest of its data; the browser SDK takes it as `secure`.
 *
 * `secret`: what was shown when the client key was made. `targetingKey`: of the context, the empty text for nobody in particular.
 * `expires`: epoch milliseconds, at most seven days ahead.
 */
export function signContext(secret: string, targetingKey: string, expires: number): ClientSignature {
  const hash = createHmac("sha256", secret).update(`${expires}:${targetingKey}`, "utf8").digest("hex");
  return { expires, hash };
}

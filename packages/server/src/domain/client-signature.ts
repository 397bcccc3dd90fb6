import { createHmac, timingSafeEqual } from "node:crypto";
import type { ClientSignature } from "@rampart/core";

/** A signature is good for at most this long ahead: what leaks from a page's source is not good for ever. */
export const SIGNATURE_MAX_MS = 7 * 24 * 60 * 60_000;

/** What a signature turns out to be. */
export type SignatureCheck = "good" | "missing" | "expired" | "wrong";

/** Checks that whoever knows `secret` vouches for `targetingKey` (empty: nobody in particular). `now`: epoch milliseconds. */
export function checkSignature(
  secret: string,
  claim: { readonly targetingKey: string; readonly signature: ClientSignature | undefined; readonly now: number },
): SignatureCheck {
  const { targetingKey, signature, now } = claim;
  if (signature === undefined) return "missing";
  const expected = createHmac("sha256", secret).update(`${signature.expires}:${targetingKey}`, "utf8").digest();
  const given = Buffer.from(signature.hash, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "wrong";
  if (signature.expires <= now || signature.expires > now + SIGNATURE_MAX_MS) return "expired";
  return "good";
}

import type { IncomingMessage } from "node:http";
import type { ClientSignature, EvaluationContext } from "@rampart/core";
import { checkContext } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { SignatureCheck } from "../domain/client-signature.ts";
import { checkSignature, SIGNATURE_MAX_MS } from "../domain/client-signature.ts";
import type { ProblemCode } from "./codes.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";

/** `<expires>:<hash>`, for clients of other protocols, whose bodies have no place for it. */
export const SIGNATURE_HEADER = "x-rampart-signature";

const signature = z.object({
  expires: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).openapi({ description: "Epoch milliseconds" }),
  hash: z.string().max(64).openapi({ description: "HMAC-SHA256 over `<expires>:<targetingKey>`, in hex" }),
});

/** `ClientRequest` of the core. */
export const clientRequest = z
  .looseObject({
    context: z.unknown().openapi({ type: "object", description: "An id, or an object with a `targetingKey`" }),
    secure: signature.optional(),
    basis: z.string().max(160).optional().openapi({ description: "epoch:revision of what is held" }),
    etag: z.string().max(64).optional().openapi({ description: "Of what is held" }),
  })
  .openapi("ClientRequest");

/** A context that its caller may have evaluated. */
export interface Allowed {
  readonly context: EvaluationContext;
  /** When the right to it ends; undefined: as the key does. */
  readonly expiresAt: number | undefined;
}

/** Reads a context, and checks that the caller may have it. Throws a `ProblemError`. `now`: epoch milliseconds. */
export function allowedContext(
  { browsers }: Pick<Principal, "browsers">,
  asked: { readonly context: unknown; readonly signature: ClientSignature | undefined; readonly now: number },
): Allowed {
  const checked = checkContext(asked.context);
  if (!checked.ok) {
    const { pointer, detail, hint } = checked.problem;
    throw new ProblemError({
      code: "INVALID_CONTEXT",
      detail: `/context${pointer} ${detail}.`,
      hint: hint ?? "Send an id, or an object with a targetingKey.",
    });
  }
  const { context } = checked;
  if (browsers?.secret === undefined) return { context, expiresAt: undefined };
  const { targetingKey } = context;
  const claim = { targetingKey: typeof targetingKey === "string" ? targetingKey : "", ...asked };
  const verdict = checkSignature(browsers.secret, claim);
  if (verdict !== "good") throw new ProblemError(REFUSALS[verdict]);
  return { context, expiresAt: asked.signature?.expires };
}

/** The signature in a header; undefined when there is none that could be one. */
export function signatureIn({ headers }: IncomingMessage): ClientSignature | undefined {
  const header = headers[SIGNATURE_HEADER];
  const [, expires, hash] = typeof header === "string" ? (/^(\d{1,15}):([0-9a-f]{64})$/i.exec(header) ?? []) : [];
  return expires === undefined || hash === undefined ? undefined : { expires: Number(expires), hash };
}

const REFUSALS: {
  readonly [check in Exclude<SignatureCheck, "good">]: {
    readonly code: ProblemCode;
    readonly detail: string;
    readonly hint: string;
  };
} = {
  missing: {
    code: "SIGNATURE_REQUIRED",
    detail: "This client key takes signed contexts only.",
    hint: "Sign the context's key on your own server with signContext, and send the result as secure.",
  },
  wrong: {
    code: "SIGNATURE_WRONG",
    detail: "The signature is not one of this context's key.",
    hint: "Sign exactly the targetingKey that is sent, with the secret that was shown when this client key was made.",
  },
  expired: {
    code: "SIGNATURE_EXPIRED",
    detail: `The signature's time is over, or ends more than ${SIGNATURE_MAX_MS / 86_400_000} days ahead.`,
    hint: "Ask your own server for a new one.",
  },
};

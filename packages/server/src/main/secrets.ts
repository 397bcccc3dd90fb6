import { hkdfSync } from "node:crypto";
import type { Sealer } from "../ports/sealer.ts";
import type { Signer } from "../ports/signer.ts";
import { auditSigner, signerWith } from "./audit-key.ts";
import { createSealer, createSealerWith } from "./sealer.ts";
import { sessionSecret } from "./session-secret.ts";

const KEY_BYTES = 32;

/** What a server signs and seals with. */
export interface Secrets {
  /** Signs console sessions. */
  readonly session: Uint8Array;
  /** Seals the settings of channels. */
  readonly sealer: Sealer;
  /** Signs audit exports and evidence. */
  readonly signer: Signer;
}

/**
 * All of it from one secret, so that every server that is given it has the same keys and none is ever stored; without one, from keys in the
 * data folder. Throws a StartError when one of these can't be used.
 */
export function openSecrets(
  secret: string | undefined,
  folder: string,
  randomBytes: (sizeBytes: number) => Uint8Array,
): Secrets {
  if (secret === undefined) {
    const signer = auditSigner(folder);
    return { session: sessionSecret(folder, randomBytes), sealer: createSealer(folder, randomBytes), signer };
  }
  return {
    session: derive(secret, "console sessions"),
    sealer: createSealerWith(derive(secret, "sealed channels"), randomBytes),
    signer: signerWith(derive(secret, "audit signatures")),
  };
}

/** By which servers find out whether they have the same secret; tells nothing of it. */
export const secretCheck = (secret: string): string => Buffer.from(derive(secret, "comparison")).toString("hex");

/** HKDF (RFC 5869) with SHA-256: one key for each use, none of which tells anything of another. */
const derive = (secret: string, use: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, "", `rampart ${use} v1`, KEY_BYTES));

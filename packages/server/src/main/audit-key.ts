import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Signer } from "../ports/signer.ts";
import { StartError } from "./start-error.ts";

/** The key's file in the data folder. */
const FILE = "audit-key.pem";

/** Length of an Ed25519 public key, which ends its DER form. */
const PUBLIC_KEY_BYTES = 32;

/**
 * What audit exports and evidence are signed with: made with the first start, in a file that only its owner can read. Throws a StartError when there is a file that
 * is no such key: a new one in its place would make every earlier export look forged. Where none can be written (a full disk), the
 * server starts with a key of its own until the next start, for it must come up.
 */
export function auditSigner(folder: string): Signer {
  const path = join(folder, FILE);
  return signerOf(read(path) ?? make(path));
}

/** What begins the DER form of an Ed25519 private key; the key itself follows. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** The same with a key that was derived: 32 bytes. */
export function signerWith(key: Uint8Array): Signer {
  const der = Buffer.concat([PKCS8_ED25519, key]);
  return signerOf(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

function signerOf(key: KeyObject): Signer {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    publicKey: der.subarray(-PUBLIC_KEY_BYTES).toString("hex"),
    sign: (text) => sign(null, Buffer.from(text, "utf8"), key).toString("hex"),
  };
}

function read(path: string): KeyObject | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, cause);
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is a key of the kind ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function make(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync("ed25519");
  const temporary = `${path}.tmp`;
  try {
    rmSync(temporary, { force: true });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(temporary, pem, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch {
    rmSync(temporary, { force: true });
  }
  return privateKey;
}

function unusable(path: string, cause: unknown): StartError {
  return new StartError("AUDIT_KEY", {
    message: `the key in ${path}, with which audit exports are signed, can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "Put the file back from a backup. Without one, move it away: a new key is made, and earlier exports are verified with their own: rampart audit verify FILE --key KEY.",
    cause,
  });
}

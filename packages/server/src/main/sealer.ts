import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sealer } from "../ports/sealer.ts";

/** In the data folder. */
export const KEY_FILE = "channels.key";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1.";

/** Where the key is. */
interface KeySource {
  /** Undefined: there is none yet. */
  read(): Uint8Array | undefined;
  make(): Uint8Array;
}

/**
 * Seals with a key in the data folder that only its owner can read, beside the database and never in it: a copy or a backup of the
 * database gives nothing away. The key is made when the first text is sealed; that throws where the file can't be written.
 */
export function createSealer(folder: string, randomBytes: (sizeBytes: number) => Uint8Array): Sealer {
  const path = join(folder, KEY_FILE);
  return sealWith({ read: () => readKey(path), make: () => makeKey(path, randomBytes(KEY_BYTES)) }, randomBytes);
}

/** Seals with a key that was derived: 32 bytes. */
export function createSealerWith(key: Uint8Array, randomBytes: (sizeBytes: number) => Uint8Array): Sealer {
  return sealWith({ read: () => key, make: () => key }, randomBytes);
}

function sealWith(source: KeySource, randomBytes: (sizeBytes: number) => Uint8Array): Sealer {
  let key = source.read();
  return {
    seal(about, text) {
      key ??= source.read() ?? source.make();
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(about));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    open(about, sealed) {
      key ??= source.read();
      const bytes = Buffer.from(sealed.slice(VERSION.length), "base64");
      if (key === undefined || !sealed.startsWith(VERSION) || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}

function readKey(path: string): Uint8Array | undefined {
  let key: Buffer;
  try {
    key = readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
  if (key.length === KEY_BYTES) return key;
  throw new Error(`${path} is no key of ${KEY_BYTES} bytes: put back the one that was there, or move it away`);
}

function makeKey(path: string, key: Uint8Array): Uint8Array {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  try {
    writeFileSync(temporary, key, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
  return key;
}

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SIZE_BYTES = 32;

/**
 * What console sessions are signed with: made once, in a file that only its owner can read, so that a restart signs nobody out. Where
 * the file can't be written (a full disk), sessions last as long as the process.
 */
export function sessionSecret(folder: string, randomBytes: (sizeBytes: number) => Uint8Array): Uint8Array {
  const path = join(folder, "session.key");
  return read(path) ?? make(path, randomBytes(SIZE_BYTES));
}

function read(path: string): Uint8Array | undefined {
  try {
    const secret = readFileSync(path);
    return secret.length === SIZE_BYTES ? secret : undefined;
  } catch {
    return undefined;
  }
}

function make(path: string, secret: Uint8Array): Uint8Array {
  const temporary = `${path}.tmp`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, secret, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch {
    rmSync(temporary, { force: true });
  }
  return secret;
}

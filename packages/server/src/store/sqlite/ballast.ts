import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";

/**
 * Space kept back for urgent writes. A flip takes about 40 kB of the log, so that this is enough for two dozen of them while somebody
 * makes room.
 */
export const BALLAST_SIZE_BYTES = 1024 * 1024;

/**
 * A file that takes up space as long as there is some, so that there is some left when an urgent write needs it. It holds random
 * bytes: a file system that compresses would keep nothing back for zeros.
 */
export class Ballast {
  readonly #path: string;
  readonly #random: (sizeBytes: number) => Uint8Array;
  #held: boolean;

  constructor(path: string, random: (sizeBytes: number) => Uint8Array) {
    this.#path = path;
    this.#random = random;
    this.#held = existsSync(path) && statSync(path).size === BALLAST_SIZE_BYTES;
  }

  /** True when the space is kept back, now if it wasn't before; false when there is too little. */
  hold(): boolean {
    if (!this.#held) this.#held = this.#write();
    return this.#held;
  }

  /** Gives the space back. False when there was none. */
  drop(): boolean {
    const held = this.#held;
    this.#held = false;
    rmSync(this.#path, { force: true });
    return held;
  }

  #write(): boolean {
    try {
      const file = openSync(this.#path, "w", 0o600);
      try {
        const bytes = this.#random(BALLAST_SIZE_BYTES);
        // A disk that is nearly full takes a part of it, and says so only the next time.
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    } catch {
      rmSync(this.#path, { force: true });
      return false;
    }
  }
}

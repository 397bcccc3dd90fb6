import { createHash } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, statSync, writeSync } from "node:fs";

/** Some hundred kills; what does not fit is in memory alone. */
export const EMERGENCY_FILE_SIZE_BYTES = 64 * 1024;

/**
 * A text that outlives the process on a full disk: the file has its size from the beginning and is written over in place, which takes no
 * space where the file system writes in place. A write that a crash cut short is found by its checksum, and counts as none.
 */
export class EmergencyFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the space, so that it is there when it is needed. False when there is too little. */
  reserve(): boolean {
    if (existsSync(this.#path) && statSync(this.#path).size === EMERGENCY_FILE_SIZE_BYTES) return true;
    return this.write("");
  }

  /** What was written last; undefined: nothing that can be trusted. */
  read(): string | undefined {
    if (!existsSync(this.#path)) return undefined;
    const held = readFileSync(this.#path);
    const [head = ""] = held.subarray(0, 128).toString("latin1").split("\n");
    const [checksum, size] = head.split(" ");
    const text = held.subarray(head.length + 1, head.length + 1 + Number(size)).toString();
    return checksum === checksumOf(text) ? text : undefined;
  }

  /** True when `text` is on the disk. Never throws: there is nothing more that a caller could do. */
  write(text: string): boolean {
    const body = Buffer.from(text);
    const head = Buffer.from(`${checksumOf(text)} ${body.length}\n`);
    if (head.length + body.length > EMERGENCY_FILE_SIZE_BYTES) return false;
    try {
      const file = openSync(this.#path, existsSync(this.#path) ? "r+" : "w", 0o600);
      try {
        const whole = Buffer.concat([head, body], EMERGENCY_FILE_SIZE_BYTES);
        for (let done = 0; done < whole.length;) done += writeSync(file, whole, done, whole.length - done, done);
        fdatasyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    } catch {
      return false;
    }
  }
}

const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

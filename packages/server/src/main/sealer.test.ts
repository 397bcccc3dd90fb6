import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSealer } from "./sealer.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "rampart-sealer-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("a sealed text", () => {
  it("opens again, after a restart too, and under its own name only", () => {
    const data = folder();
    const sealed = createSealer(data, randomBytes).seal("eng", "s3cr3t");
    expect(createSealer(data, randomBytes).open("eng", sealed)).toBe("s3cr3t");
    expect(createSealer(data, randomBytes).open("other", sealed)).toBeUndefined();
  });

  it("shows nothing of the text, and is another each time", () => {
    const sealer = createSealer(folder(), randomBytes);
    const [first, second] = [sealer.seal("eng", "s3cr3t"), sealer.seal("eng", "s3cr3t")];
    expect(first).not.toBe(second);
    expect(Buffer.from(first, "base64").toString("latin1")).not.toContain("s3cr3t");
  });

  it("doesn't open with another key, without one, or when a bit of it was changed", () => {
    const sealer = createSealer(folder(), randomBytes);
    const sealed = sealer.seal("eng", "s3cr3t");
    const other = createSealer(folder(), randomBytes);
    expect(other.open("eng", sealed)).toBeUndefined();
    other.seal("x", "makes a key");
    expect(other.open("eng", sealed)).toBeUndefined();
    const bytes = Buffer.from(sealed.slice(3), "base64");
    for (const index of [0, 12, 28, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(sealer.open("eng", `v1.${changed.toString("base64")}`)).toBeUndefined();
    }
    for (const broken of ["", "v1.", "v2.AAAA", sealed.slice(0, 20)])
      expect(sealer.open("eng", broken)).toBeUndefined();
  });

  it("has its key in a file of its own that only the owner can read, made when it is first needed", () => {
    const data = folder();
    const sealer = createSealer(data, randomBytes);
    expect(sealer.open("eng", "v1.AAAA")).toBeUndefined();
    expect(readdirSync(data)).toEqual([]);
    sealer.seal("eng", "s3cr3t");
    const path = join(data, "channels.key");
    expect([readdirSync(data), statSync(path).mode & 0o777, readFileSync(path).length]).toEqual([
      ["channels.key"],
      0o600,
      32,
    ]);
  });

  it("is not sealed with half a key", () => {
    const data = folder();
    writeFileSync(join(data, "channels.key"), "short");
    expect(() => createSealer(data, randomBytes)).toThrow("is no key of 32 bytes");
  });
});

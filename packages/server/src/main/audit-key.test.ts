import { createPublicKey, verify } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../store/testing/temporary.ts";
import { auditSigner } from "./audit-key.ts";

describe("the key that audit exports are signed with", () => {
  it("is made with the first start, readable by its owner only, and stays the same", () => {
    const folder = temporaryFolder();
    const first = auditSigner(folder);
    expect(statSync(join(folder, "audit-key.pem")).mode & 0o777).toBe(0o600);
    expect(auditSigner(folder).publicKey).toBe(first.publicKey);
    expect(first.publicKey).toMatch(/^[0-9a-f]{64}$/);
  });

  it("signs as Ed25519 has it", () => {
    const signer = auditSigner(temporaryFolder());
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(signer.publicKey, "hex").toString("base64url") },
      format: "jwk",
    });
    expect(verify(null, Buffer.from("text"), key, Buffer.from(signer.sign("text"), "hex"))).toBe(true);
    expect(verify(null, Buffer.from("texts"), key, Buffer.from(signer.sign("text"), "hex"))).toBe(false);
  });

  it("is not replaced by another when its file is damaged: the server says so and does not start", () => {
    const folder = temporaryFolder();
    auditSigner(folder);
    const path = join(folder, "audit-key.pem");
    writeFileSync(path, "damaged");
    expect(() => auditSigner(folder)).toThrow(/audit-key\.pem.*can't be used/);
    expect(readFileSync(path, "utf8")).toBe("damaged");
  });

  it("is another one for this run when it can't be written, since the server must come up", () => {
    expect(auditSigner(join(temporaryFolder(), "missing")).publicKey).toMatch(/^[0-9a-f]{64}$/);
  });
});

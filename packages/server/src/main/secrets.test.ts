import { randomBytes, verify, createPublicKey } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSecrets, secretCheck } from "./secrets.ts";

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "rampart-secrets-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const ONE = "one secret that is thirty-two characters";
const OTHER = "another secret of thirty-two characters!";

describe("servers with the same secret", () => {
  it("read what the other sealed, sign with the same key, and write nothing down", () => {
    const [a, b] = [folder(), folder()];
    const [first, second] = [openSecrets(ONE, a, randomBytes), openSecrets(ONE, b, randomBytes)];
    expect(second.sealer.open("eng", first.sealer.seal("eng", "s3cr3t"))).toBe("s3cr3t");
    expect(second.signer.publicKey).toBe(first.signer.publicKey);
    expect(second.signer.sign("text")).toBe(first.signer.sign("text"));
    expect(second.session).toEqual(first.session);
    expect([...readdirSync(a), ...readdirSync(b)]).toEqual([]);
  });

  it("sign so that anybody can check it with the public key", () => {
    const { signer } = openSecrets(ONE, folder(), randomBytes);
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(signer.publicKey, "hex")]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    expect(verify(null, Buffer.from("text"), key, Buffer.from(signer.sign("text"), "hex"))).toBe(true);
  });

  it("use a key of its own for each purpose, and other keys with another secret", () => {
    const [one, other] = [openSecrets(ONE, folder(), randomBytes), openSecrets(OTHER, folder(), randomBytes)];
    expect(other.sealer.open("eng", one.sealer.seal("eng", "s3cr3t"))).toBeUndefined();
    expect(other.signer.publicKey).not.toBe(one.signer.publicKey);
    expect(other.session).not.toEqual(one.session);
    expect(secretCheck(ONE)).not.toBe(secretCheck(OTHER));
    expect(secretCheck(ONE)).not.toBe(Buffer.from(one.session).toString("hex"));
  });
});

it("without a secret the keys are in the data folder, and stay there over a restart", () => {
  const data = folder();
  const first = openSecrets(undefined, data, randomBytes);
  const sealed = first.sealer.seal("eng", "s3cr3t");
  const second = openSecrets(undefined, data, randomBytes);
  expect(second.session).toEqual(first.session);
  expect(second.signer.publicKey).toBe(first.signer.publicKey);
  expect(second.sealer.open("eng", sealed)).toBe("s3cr3t");
});

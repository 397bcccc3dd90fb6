/** What the lockfile says: which packages there are, which of them ship, and what each is made of. */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

/** The lockfile as its YAML has it. The parser is the server's own. */
export function readLockfile() {
  const { parse } = createRequire(join(ROOT, "packages", "server", "package.json"))("yaml");
  return parse(readFileSync(join(ROOT, "pnpm-lock.yaml"), "utf8"));
}

/** Every package: its key, name, version, SHA-512, what it needs, and whether something that ships needs it. */
export function packagesOf(lockfile) {
  const shipped = closureOf(lockfile, rootsOf(lockfile));
  const byVersion = new Map();
  for (const [snapshot, { dependencies = {}, optionalDependencies = {} }] of Object.entries(lockfile.snapshots)) {
    const key = withoutPeers(snapshot);
    const known = byVersion.get(key) ?? { needs: new Set(), isShipped: false };
    known.isShipped ||= shipped.has(snapshot);
    for (const needed of Object.entries({ ...dependencies, ...optionalDependencies }))
      known.needs.add(withoutPeers(snapshotOf(needed)));
    byVersion.set(key, known);
  }
  return Object.entries(lockfile.packages).map(([key, { resolution }]) => {
    const at = key.lastIndexOf("@");
    const { needs = new Set(), isShipped = false } = byVersion.get(key) ?? {};
    return {
      key,
      name: key.slice(0, at),
      version: key.slice(at + 1),
      integrity: resolution.integrity,
      needs: [...needs].filter((one) => one in lockfile.packages).toSorted((a, b) => (a < b ? -1 : 1)),
      isShipped,
    };
  });
}

/** What the packages that are published depend on at run time. */
function rootsOf({ importers }) {
  return Object.entries(importers)
    .filter(([folder]) => folder.startsWith("packages/"))
    .flatMap(([, { dependencies = {}, optionalDependencies = {} }]) =>
      Object.entries({ ...dependencies, ...optionalDependencies }),
    )
    .filter(([, { version }]) => !version.startsWith("link:"))
    .map(([name, { version }]) => snapshotOf([name, version]));
}

function closureOf({ snapshots }, roots) {
  const reached = new Set(roots);
  for (const key of reached) {
    const { dependencies = {}, optionalDependencies = {} } = snapshots[key] ?? {};
    for (const needed of Object.entries({ ...dependencies, ...optionalDependencies })) reached.add(snapshotOf(needed));
  }
  return reached;
}

/** A dependency's key: its version alone, or a whole key where it is installed under another name. */
const snapshotOf = ([name, version]) => (/^@?[^@(]+@/.test(version) ? version : `${name}@${version}`);

const withoutPeers = (key) => key.replace(/\(.*$/, "");

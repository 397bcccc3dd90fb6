/**
 * Puts each SDK into one file. Node takes about a third of a millisecond to find, read and link a module; with the files that people
 * read left apart, importing the SDK would cost more than everything it does at start.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { bundleBrowserSdk } from "./browser-bundle.mjs";
import { ROOT } from "./setup.mjs";

/** The entries of the packages whose users wait for their import. What they depend on stays outside, but for what they use of core. */
const CORE = { "@rampart/core": join(ROOT, "packages", "core", "dist", "index.js") };
const BUNDLED = { core: ["index"], "sdk-node": ["index", "openfeature", "opentelemetry"] };

for (const [name, entries] of Object.entries(BUNDLED)) {
  const dist = join(ROOT, "packages", name, "dist");
  for (const entry of entries) {
    const bundle = await rolldown({
      input: join(dist, `${entry}.js`),
      external: (id) => !/^[./]/.test(id) && !(id in CORE),
      resolve: { alias: CORE },
      platform: "neutral",
    });
    await bundle.write({ file: join(dist, "bundle", `${entry}.js`), format: "esm", sourcemap: true, comments: false });
    await bundle.close();
  }
}

const folder = join(ROOT, "packages", "sdk-browser", "dist", "bundle");
mkdirSync(folder, { recursive: true });
for (const [entry, { code, map }] of Object.entries(await bundleBrowserSdk({ from: "dist" }))) {
  writeFileSync(join(folder, `${entry}.js`), `${code}//# sourceMappingURL=${entry}.js.map\n`);
  writeFileSync(join(folder, `${entry}.js.map`), JSON.stringify(map));
}

// The browser SDK has core inside, so its users do not install it: the types that it speaks of come along too.
const types = join(ROOT, "packages", "sdk-browser", "dist");
cpSync(join(ROOT, "packages", "core", "dist"), join(types, "core"), {
  recursive: true,
  filter: (path) => !/\.[^/\\.]+$/.test(path) || path.endsWith(".d.ts"),
});
for (const file of readdirSync(types).filter((name) => name.endsWith(".d.ts"))) {
  const text = readFileSync(join(types, file), "utf8");
  writeFileSync(join(types, file), text.replaceAll('"@rampart/core"', '"./core/index.d.ts"'));
}

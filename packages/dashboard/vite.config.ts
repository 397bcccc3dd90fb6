import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** What uPlot hangs on itself for others to use, and the console does not. */
const UNUSED = [
  "uPlot.join = join;",
  "(paths.stepped = stepped);",
  "(paths.bars    = bars);",
  "(paths.spline  = monotoneCubic);",
];

/** Leaves those parts of uPlot out, for the budget's sake: nobody could reach them but by these names. */
const onlyLines: Plugin = {
  name: "only-lines",
  enforce: "pre",
  transform(code, id) {
    if (!/[/\\]uPlot\.esm\.js$/.test(id)) return undefined;
    return UNUSED.reduce((rest, statement) => {
      if (!rest.includes(statement)) throw new Error(`uPlot has no ${JSON.stringify(statement)} any more: see UNUSED.`);
      return rest.replace(statement, "");
    }, code);
  },
};

/** Built into the server's package, which serves it. Nothing is inlined: the page's policy allows only files of its own. */
export default defineConfig({
  plugins: [onlyLines],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    conditions: ["source", "browser", "module", "import", "default"],
    alias: { "@rampart/examples": fileURLToPath(new URL("../../examples", import.meta.url)) },
  },
  build: {
    outDir: "../server/dist/console",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:4001", "/console": "http://127.0.0.1:4001" } },
});

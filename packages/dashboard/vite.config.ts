import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Built into the server's package, which serves it. Nothing is inlined: the page's policy allows only files of its own. */
export default defineConfig({
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

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, temporaryFolder } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { FLAG, Scene, wordOf } from "./harness.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** What Vite makes of an example, as texts by path. */
function built(example: string): Readonly<Record<string, string>> {
  const folder = temporaryFolder();
  try {
    const cwd = join(EXAMPLES, example);
    const vite = join(cwd, "node_modules", "vite", "bin", "vite.js");
    execFileSync(process.execPath, [vite, "build", "--logLevel", "error", "--outDir", folder.path, "--emptyOutDir"], {
      cwd,
    });
    const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      files.map(({ name, parentPath }) => {
        const path = join(parentPath, name);
        return [path.slice(folder.path.length), readFileSync(path, "utf8")];
      }),
    );
  } finally {
    folder.dispose();
  }
}

describe.skipIf(!isInstalled("chromium"))("in real Chromium", () => {
  describe.each(["browser-quickstart", "react-quickstart"])("the page of %s", (example) => {
    let scene: Scene;

    beforeAll(async () => {
      scene = await Scene.start(built(example));
    });
    afterAll(() => scene?.stop());

    it("has a button that changes the moment the operator ramps", async () => {
      const page = await scene.browser.newPage();
      await page.goto(scene.address({ flag: FLAG }).replace("/?", "/index.html?"));
      const says = (words: string, withinMs: number): Promise<void> =>
        eventually(async () => (await wordOf(page)) === words, withinMs);
      await says("Check out in one step", 10_000);
      await scene.ramp(0);
      await says("Check out", 2_000);
      await scene.ramp(100);
      await says("Check out in one step", 2_000);
      expect(await page.locator("p").innerText()).toContain("ready");
    });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { bundleBrowserSdk } from "../../../scripts/browser-bundle.mjs";
import type * as Sdk from "./index.ts";
import { FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";

let folder: string;
let page: FakePage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rampart-browser-"));
  const files = await bundleBrowserSdk({ from: "src" });
  for (const name of ["index", "reporter"] as const) {
    const code = files[name].code.replace(/\n\/\/# sourceMappingURL=.*/, "").replace("./reporter.js", "./reporter.mjs");
    writeFileSync(join(folder, `${name}.mjs`), code);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  page = new FakePage();
});
afterEach(() => page.dispose());

const load = (name: string): Promise<unknown> => import(pathToFileURL(join(folder, name)).href);

it("is one SDK in two files, although names are shortened in one: what is measured arrives", async () => {
  const { createClient } = (await load("index.mjs")) as typeof Sdk;
  const client = createClient({ url: "https://flags.example", clientKey: "key", context: "ann" });
  void client.init();
  await page.pass(0);
  await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
  client.run(FLAG, { on: () => 1, off: () => 0 });
  client.measure(FLAG).done({ failed: true });
  client.track("cart", { value: 30, failed: true });
  await vi.dynamicImportSettled();
  await page.pass(10_000);
  const measured = {
    runs: [{ flag: FLAG, cohort: "on", count: 2, failures: 1 }],
    tracks: [{ metric: "cart", count: 1, sum: 30 }],
    cohorts: [{ flag: FLAG, metric: "cart", cohort: "on", count: 1, failures: 1 }],
  };
  expect(page.calls.at(-1)).toMatchObject({ path: "events", body: measured });
  client.track("cart");
  await page.fire("pagehide");
  expect(JSON.parse(page.beacons[0]?.body ?? "")).toMatchObject({ key: "key", tracks: [{ count: 1 }] });
});

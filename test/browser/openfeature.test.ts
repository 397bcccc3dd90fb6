/** The published OpenFeature web SDK with our provider, as it is built, against the real server. */
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { FLAG, FLAG_PATH, inPage, Scene } from "./harness.ts";

const PAGE = `<!doctype html>
<script type=importmap>{ "imports": { "@openfeature/web-sdk": "/web-sdk.js" } }</script>
<script type=module src=/openfeature.js></script>`;

const PROGRAM = `
import { OpenFeature } from "@openfeature/web-sdk";
import { createClient } from "/sdk/index.js";
import { RampartProvider } from "/sdk/openfeature.js";
const ask = new URLSearchParams(location.search);
window.OpenFeature = OpenFeature;
window.flags = OpenFeature.getClient();
window.events = [];
for (const event of ["PROVIDER_READY", "PROVIDER_CONFIGURATION_CHANGED", "PROVIDER_ERROR", "PROVIDER_STALE"])
  flags.addHandler(event, (details) => events.push([event, ...(details?.flagsChanged ?? [])].join(" ")));
const client = createClient({ url: ask.get("url"), clientKey: ask.get("key"), context: {} });
window.begun = (async () => {
  await OpenFeature.setContext({ targetingKey: "ann" });
  await OpenFeature.setProviderAndWait(new RampartProvider(client));
  return flags.providerStatus;
})().catch(String);
`;

/** OpenFeature's SDK in one file, for the page's import map. */
async function webSdk(): Promise<string> {
  const bundle = await rolldown({
    input: "@openfeature/web-sdk",
    cwd: fileURLToPath(new URL("../../packages/sdk-browser/", import.meta.url)),
    platform: "browser",
  });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  return output[0].code;
}

describe.skipIf(!isInstalled("chromium"))("in real Chromium, OpenFeature's web SDK with our provider", () => {
  let scene: Scene;
  let page: Page;

  beforeAll(async () => {
    scene = await Scene.start({
      "/openfeature.html": PAGE,
      "/openfeature.js": PROGRAM,
      "/web-sdk.js": await webSdk(),
    });
  });
  afterAll(() => scene?.stop());
  beforeEach(async () => {
    await api(scene.server, "POST", `${FLAG_PATH}/restore`, {});
    await api(scene.server, "PATCH", FLAG_PATH, { targets: {} });
    await scene.ramp(100);
    await page?.context().close();
    page = await (await scene.browser.newContext()).newPage();
    await page.goto(scene.address().replace("/?", "/openfeature.html?"));
  });

  const isOn = () => inPage<boolean>(page, `flags.getBooleanValue("${FLAG}", false)`);
  const status = () => inPage<string>(page, "flags.providerStatus");

  it("sees a change and a rollback, and says which flag", async () => {
    expect(await inPage(page, "begun")).toBe("READY");
    expect(await isOn()).toBe(true);
    await scene.ramp(0);
    await eventually(async () => !(await isOn()), 10_000);
    await scene.ramp(100);
    await eventually(isOn, 10_000);
    await api(scene.server, "POST", `${FLAG_PATH}/kill`, {});
    await eventually(async () => !(await isOn()), 10_000);
    expect(await inPage(page, `flags.getBooleanDetails("${FLAG}", true)`)).toMatchObject({
      value: false,
      variant: "off",
      reason: "DISABLED",
    });
    const changed = `PROVIDER_CONFIGURATION_CHANGED ${FLAG}`;
    expect(await inPage(page, "events")).toEqual(["PROVIDER_READY", changed, changed, changed]);
  });

  it("follows OpenFeature's context", async () => {
    await api(scene.server, "PATCH", FLAG_PATH, { targets: { bob: "off" } });
    expect(await inPage(page, "begun")).toBe("READY");
    expect(await isOn()).toBe(true);
    await inPage(page, `OpenFeature.setContext({ targetingKey: "bob" })`);
    expect([await status(), await isOn()]).toEqual(["READY", false]);
    await inPage(page, `OpenFeature.setContext({ targetingKey: "ann" })`);
    expect(await isOn()).toBe(true);
  });

  it("is stale while the server is dead, and ready once it is back", async () => {
    expect(await inPage(page, "begun")).toBe("READY");
    await scene.server.whileDead(async () => {
      await eventually(async () => (await status()) === "STALE", 20_000);
      expect(await isOn()).toBe(true);
    });
    await eventually(async () => (await status()) === "READY", 45_000);
  });
});

/** The published OpenFeature web SDK and OFREP provider, as they come from the registry, against the real server. */
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { FLAG, FLAG_PATH, inPage, Scene } from "./harness.ts";

const ODD = "team-a/new_checkout.v2";

const PROGRAM = `
import { OpenFeature } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
const ask = new URLSearchParams(location.search);
window.events = [];
window.client = OpenFeature.getClient();
for (const event of ["PROVIDER_READY", "PROVIDER_CONFIGURATION_CHANGED", "PROVIDER_ERROR", "PROVIDER_STALE"])
  client.addHandler(event, () => events.push(event));
window.begun = (async () => {
  const provider = new OFREPWebProvider({
    baseUrl: ask.get("url"),
    headers: [["authorization", "Bearer " + ask.get("key")]],
    cacheMode: "network-first",
  });
  await OpenFeature.setContext({ targetingKey: "user-1" });
  try {
    await OpenFeature.setProviderAndWait(provider);
    return "ready";
  } catch (error) {
    return String(error);
  }
})();
`;

/** The program with the packages that it uses, as any application has them. */
async function bundled(): Promise<string> {
  const bundle = await rolldown({
    input: "ofrep",
    cwd: fileURLToPath(new URL("../../packages/sdk-browser/", import.meta.url)),
    platform: "browser",
    plugins: [
      {
        name: "program",
        resolveId: (id) =>
          id === "ofrep"
            ? fileURLToPath(new URL("../../packages/sdk-browser/ofrep-page.js", import.meta.url))
            : undefined,
        load: (id) => (id.endsWith("ofrep-page.js") ? PROGRAM : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  return output[0].code;
}

interface Details {
  readonly value: unknown;
  readonly reason: string;
  readonly errorCode?: string;
}

describe.skipIf(!isInstalled("chromium"))("in real Chromium, the published OFREP web provider", () => {
  let scene: Scene;
  let context: BrowserContext;

  beforeAll(async () => {
    scene = await Scene.start({
      "/ofrep.html": "<!doctype html><script type=module src=/ofrep.js></script>",
      "/ofrep.js": await bundled(),
    });
    await api(scene.server, "POST", "/api/v1/flags", { key: ODD });
    const path = `/api/v1/environments/production/flags/${encodeURIComponent(ODD)}`;
    await api(scene.server, "PATCH", path, { clientVisible: true });
    await api(scene.server, "POST", `${path}/rollout`, { percentage: 100 });
  });
  afterAll(() => scene?.stop());
  beforeEach(async () => {
    await api(scene.server, "POST", `${FLAG_PATH}/restore`, {});
    await scene.ramp(100);
    context = await scene.browser.newContext();
  });
  afterEach(() => context.close());

  async function open(ask: Readonly<Record<string, string>> = {}): Promise<Page> {
    const page = await context.newPage();
    await page.goto(scene.address(ask).replace("/?", "/ofrep.html?"));
    return page;
  }

  const details = (page: Page, flag: string): Promise<Details> =>
    inPage<Details>(page, `client.getBooleanDetails(${JSON.stringify(flag)}, false)`);

  it("sees a change and a rollback, told to refetch by the server's stream", async () => {
    // Only a stream that is open tells of what comes next.
    const stream = context.waitForEvent("response", (response) =>
      (response.headers()["content-type"] ?? "").startsWith("text/event-stream"),
    );
    const page = await open();
    expect(await inPage(page, "begun")).toBe("ready");
    expect(await details(page, FLAG)).toMatchObject({ value: true, variant: "on" });
    await stream;
    await scene.ramp(0);
    await eventually(async () => (await details(page, FLAG)).value === false, 10_000);
    await scene.ramp(100);
    await eventually(async () => (await details(page, FLAG)).value === true, 10_000);
    await api(scene.server, "POST", `${FLAG_PATH}/kill`, {});
    await eventually(async () => (await details(page, FLAG)).value === false, 10_000);
    expect(await inPage(page, "events")).toContain("PROVIDER_CONFIGURATION_CHANGED");
  });

  it("asks for a flag whose key has slashes, dots and dashes", async () => {
    const page = await open();
    expect(await inPage(page, "begun")).toBe("ready");
    expect(await details(page, ODD)).toMatchObject({ value: true, variant: "on" });
  });

  it("gets the caller's default with the right code for an unknown flag and for a wrong type", async () => {
    const page = await open();
    expect(await inPage(page, "begun")).toBe("ready");
    expect(await details(page, "unknown")).toMatchObject({ value: false, errorCode: "FLAG_NOT_FOUND" });
    expect(await inPage(page, `client.getStringDetails("${FLAG}", "red")`)).toMatchObject({
      value: "red",
      errorCode: "TYPE_MISMATCH",
    });
  });

  it("is told 401 with a wrong key, 429 with too many of them, and serves defaults", async () => {
    const wrong = await open({ key: "rmp_client_wrong" });
    expect(await inPage(wrong, "begun")).toBe("ProviderFatalError: Initialization failed");
    expect(await details(wrong, FLAG)).toMatchObject({ value: false, errorCode: expect.stringMatching(/PROVIDER/) });
    const guess = async (): Promise<number> => {
      const headers = { authorization: "Bearer rmp_client_wrong", "content-type": "application/json" };
      const answer = await fetch(`${scene.server.url}/ofrep/v1/evaluate/flags`, {
        method: "POST",
        headers,
        body: "{}",
      });
      return answer.status;
    };
    await eventually(async () => (await guess()) === 429, 10_000);
    const limited = await open({ key: "rmp_client_wrong" });
    const answers: number[] = [];
    limited.on("response", (response) => answers.push(response.status()));
    await limited.reload();
    await inPage(limited, "begun");
    expect(answers).toContain(429);
    expect(await details(limited, FLAG)).toMatchObject({ value: false });
  });
});

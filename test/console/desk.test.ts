import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, SdkFleet } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk } from "./harness.ts";

const SOON = { timeout: 15_000 };

describe.skipIf(!isInstalled("chromium"))("daily work in the console", () => {
  let desk: Desk;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk?.stop());
  beforeEach(async () => {
    context = await desk.signedIn();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

  it("makes a token that is shown once and works, and revokes it", async () => {
    await page.goto("/tokens");
    await press("New token");
    await page.getByLabel("Name").fill("Grace");
    await page.getByLabel("Roles, with spaces between").fill("engineering-lead product-owner");
    await press("Make it");
    const token = await page.locator(".secret").innerText();
    await press("Done");
    const ask = (): Promise<Response> =>
      fetch(`${desk.server.url}/api/v1/flags`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    await page.getByRole("row", { name: /Grace.*engineering-lead, product-owner/ }).waitFor();
    expect(await page.content()).not.toContain(token);
    await page.getByRole("button", { name: "Revoke Grace" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("row", { name: /Grace.*revoked/ }).waitFor();
    expect((await ask()).status).toBe(401);
  });

  it("shows what needs a person, and what is ramping, as it comes", async () => {
    await page.goto("/");
    await page.getByText("Nothing is ramping").waitFor();
    const id = await desk.rollout("seen-at-once", desk.plan("seen-at-once", CALM_STAGES));
    await page.locator(".ramp-card", { hasText: "seen-at-once" }).waitFor(SOON);
    await desk.isAt(id, "running");
    await desk.tell(id, "pause", { reason: "lunch" });
    await page.getByRole("region", { name: "Needs a person" }).getByText("seen-at-once").waitFor(SOON);
    await desk.tell(id, "rollback", { reason: "enough" });
    await page.getByRole("region", { name: "Ended lately" }).getByText("seen-at-once").waitFor(SOON);
  });

  it("names the SDKs that are connected, and what each has", async () => {
    await desk.flag("asked-for");
    const options = { url: desk.server.url, sdkKey: desk.server.tokens().server, flag: "asked-for" };
    const fleet = new SdkFleet({ ...options, processes: 1, clients: 3 });
    try {
      await fleet.ready();
      await page.goto("/clients");
      await page.getByText("3 of 3").waitFor(SOON);
      expect(await page.locator(".badge", { hasText: /current$/ }).count()).toBe(3);
    } finally {
      await fleet.close();
    }
  });

  it("finds in the audit by what, who and action, and hands all of it out", async () => {
    await desk.flag("audited");
    await api(desk.server, "POST", "/api/v1/environments/production/flags/audited/kill", { reason: "smoke" });
    await page.goto("/audit");
    await page.getByLabel("What").fill("flag/audited");
    await page.getByLabel("Action").fill("flag.killed");
    await page.getByLabel("Action").press("Enter");
    const entries = page.locator(".needs > li");
    await page.getByText("smoke").waitFor(SOON);
    expect(await entries.count()).toBe(1);
    expect(page.url()).toContain("action=flag.killed");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Export" }).click();
    expect((await download).suggestedFilename()).toMatch(/\.ndjson$/);
    expect(await (await download).failure()).toBeNull();
  });

  describe("with channels", () => {
    let receiver: Server;
    const bodies: string[] = [];
    let status = 200;

    beforeAll(async () => {
      receiver = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", () => {
          bodies.push(body);
          response.writeHead(status).end();
        });
      });
      receiver.listen(0, "127.0.0.1");
      await once(receiver, "listening");
    });
    afterAll(() => void receiver.close());

    it("makes one, tests it, replaces it and removes it", async () => {
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/slack`;
      await page.goto("/channels");
      await press("New channel");
      await page.getByLabel("Name, as plans call it").fill("eng-slack");
      await page.getByLabel("Address of the incoming webhook").fill("not an address");
      await press("Save");
      await page.getByRole("dialog").getByRole("alert").waitFor();
      await page.getByLabel("Address of the incoming webhook").fill(url);
      await press("Save");
      await page.getByRole("row", { name: /eng-slack.*slack.*ready/ }).waitFor();
      await page.getByRole("button", { name: "Test eng-slack" }).click();
      await page.getByText("eng-slack took a message.").waitFor(SOON);
      expect(bodies.at(-1)).toContain("test");
      status = 500;
      await page.getByRole("button", { name: "Test eng-slack" }).click();
      await page.getByText(/eng-slack did not take it/).waitFor({ timeout: 30_000 });
      status = 200;
      await page.getByRole("button", { name: "Replace eng-slack" }).click();
      await page.getByLabel("Address of the incoming webhook").fill(url);
      await press("Save");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await page.content()).not.toContain(url);
      await page.getByRole("button", { name: "Remove eng-slack" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByRole("row", { name: /eng-slack/ }).waitFor({ state: "detached" });
    });
  });

  it("can be gone through by links and keys: the skip link, the title, and the focus at the new page's top", async () => {
    await page.goto("/");
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.querySelector('#main').contains(document.activeElement)")).toBe(true);
    await page.getByRole("navigation").getByRole("link", { name: "Clients" }).click();
    await page.getByRole("heading", { name: "Clients", level: 1 }).waitFor();
    expect(await page.title()).toBe("Clients · Rampart");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.goBack();
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    expect(await page.title()).toBe("Overview · Rampart");
  });
});

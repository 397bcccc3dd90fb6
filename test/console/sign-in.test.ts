import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk } from "./harness.ts";

/** A page that is looked at again asks for all that it shows. */
const LOOKED_AT_AGAIN = `document.dispatchEvent(new Event("visibilitychange"))`;

describe.skipIf(!isInstalled("chromium"))("the console's door", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk?.stop());

  async function stranger(): Promise<Page> {
    const context = await desk.browser.newContext({ baseURL: desk.server.url });
    return context.newPage();
  }

  it("opens for a token, remembers it over a reload, and closes when one signs out", async () => {
    const page = await stranger();
    await page.goto("/flags");
    await page.getByLabel("Token").fill(desk.server.tokens().admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Flags", level: 1 }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Flags", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Rampart" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to Rampart" }).waitFor();
    await page.context().close();
  });

  it.each([
    ["nobody knows", () => "rmp_adm_wrongwrongwrongwrongwrongwrong"],
    ["is for programs", () => desk.server.tokens().server],
  ])("stays closed for a token that %s, says why, and keeps what was typed", async (_, token) => {
    const page = await stranger();
    await page.goto("/");
    await page.getByLabel("Token").fill(token());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("Token").inputValue()).toBe(token());
    await page.context().close();
  });

  it("keeps the token out of reach of scripts", async () => {
    const context = await desk.signedIn();
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);
    await context.close();
  });

  it("asks again over the page when a session ends, and keeps what was being written", async () => {
    await desk.flag("half-written");
    const context = await desk.signedIn();
    const page = await context.newPage();
    await page.goto("/flags/half-written");
    await page.getByLabel("User id", { exact: true }).first().fill("ann");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByLabel("Reason").fill("she asked for it");
    await context.clearCookies();
    await page.evaluate(LOOKED_AT_AGAIN);
    const again = page.getByRole("dialog", { name: "Your session is over" });
    await again.getByLabel("Token").fill(desk.server.tokens().admin);
    await again.getByRole("button", { name: "Sign in" }).click();
    await again.waitFor({ state: "detached" });
    expect(await page.getByLabel("Reason").inputValue()).toBe("she asked for it");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await context.close();
  });

  it("shows nothing of one person's page to the next", async () => {
    const context = await desk.signedIn();
    const page = await context.newPage();
    await page.goto("/flags");
    await page.getByText("first administrator").waitFor();
    await context.clearCookies();
    await page.evaluate(LOOKED_AT_AGAIN);
    const again = page.getByRole("dialog", { name: "Your session is over" });
    const token = await desk.token({ kind: "viewer", name: "Nora", environments: ["*"], roles: [] });
    await again.getByLabel("Token").fill(token);
    await again.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Nora").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await context.close();
  });

  it("opens by itself in development mode, and says that", async () => {
    const dev = await Desk.start(["--dev"]);
    try {
      const page = await (await dev.browser.newContext({ baseURL: dev.server.url })).newPage();
      await page.goto("/");
      await page.getByText("Development mode").waitFor();
      await page.getByRole("heading", { name: "Overview" }).waitFor();
    } finally {
      await dev.stop();
    }
  });

  it("asks for no more than a token for one environment may see, and offers no more than it may do", async () => {
    await desk.flag("staged");
    const token = await desk.token({ kind: "operator", name: "Sam", environments: ["staging"], roles: [] });
    const context = await desk.signedIn({ token });
    const page = await context.newPage();
    for (const path of ["/", "/flags", "/flags/staged", "/rollouts", "/segments", "/audit", "/channels", "/tokens"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
      expect(await page.getByRole("alert").allInnerTexts(), path).toEqual([]);
      expect(await page.getByRole("button", { name: /^New / }).count(), path).toBe(0);
    }
    await page.goto("/flags/staged");
    await page.getByRole("button", { name: "Kill" }).waitFor();
    await context.close();
  });

  describe("for a viewer", () => {
    let context: BrowserContext;
    let id: string;
    beforeAll(async () => {
      id = await desk.rollout("looked-at", desk.plan("looked-at", CALM_STAGES));
      await desk.isAt(id, "running");
      const token = await desk.token({ kind: "viewer", name: "Vera", environments: ["*"], roles: [] });
      context = await desk.signedIn({ token });
    });
    afterAll(() => context?.close());

    it.each([
      ["/flags", "Flags", ["New flag"]],
      ["/flags/looked-at", "looked-at", ["Kill", "Save", "Put back what was before"]],
      ["/segments", "Segments", ["New segment"]],
      ["/drills", "Drills", ["Run a drill"]],
      ["/channels", "Channels", ["New channel", "Test log"]],
      ["/tokens", "Tokens", ["New token"]],
    ])("%s shows what there is and offers nothing that would be refused", async (path, heading, buttons) => {
      const page = await context.newPage();
      await page.goto(path);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
      for (const name of buttons) expect(await page.getByRole("button", { name }).count()).toBe(0);
      await page.close();
    });

    it("a rollout shows its verdict, and neither commands nor the button that takes it back", async () => {
      const page = await context.newPage();
      await page.goto(`/rollouts/${id}`);
      await page.locator(".verdict").waitFor();
      await page.getByRole("heading", { name: "What happened" }).waitFor();
      expect(await page.getByRole("group", { name: "Commands" }).count()).toBe(0);
      expect(await page.locator(".hold").count()).toBe(0);
      await page.close();
    });
  });
});

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk, hold, HOLD_MS, STAGES } from "./harness.ts";

const SOON = { timeout: 15_000 };
const AGE = /Not connected: showing what was true \d+s ago/;

describe.skipIf(!isInstalled("chromium"))("the page of a rollout", () => {
  let desk: Desk;
  let context: BrowserContext;
  let page: Page;
  let lead: string;

  beforeAll(async () => {
    desk = await Desk.start();
    lead = await desk.token({ kind: "operator", name: "Lea", environments: ["*"], roles: ["engineering-lead"] });
  });
  afterAll(() => desk?.stop());
  beforeEach(async () => {
    desk.metrics.isBad = false;
    context = await desk.signedIn({ token: lead });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  async function opened(flag: string, stages = CALM_STAGES): Promise<string> {
    const id = await desk.rollout(flag, desk.plan(flag, stages));
    await desk.isAt(id, "running");
    await page.goto(`/rollouts/${id}`);
    await page.locator(".now").waitFor();
    return id;
  }

  const shows = (text: string): Promise<void> => page.locator(".now", { hasText: text }).waitFor(SOON);
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

  describe("that goes its way", () => {
    it("follows it from the canary over approval and tick to the next stage without being loaded again", async () => {
      const id = await opened("steps", STAGES);
      await page.evaluate("window.isThisVeryPage = true");
      await shows("5 %");
      await page.getByText("Needs approval").waitFor(SOON);
      await press("Approve quarter");
      await shows("25 %");
      await page.getByRole("button", { name: "Tick User feedback neutral or positive" }).click();
      await page.getByText("☑").waitFor();
      await page.getByText("Stage opened · quarter").waitFor(SOON);
      expect(await page.evaluate("window.isThisVeryPage")).toBe(true);
      const { approvals, checklist } = await desk.view(id);
      expect(approvals[0]?.given).toHaveLength(1);
      expect(checklist[0]?.ticked).toBeDefined();
    });

    it("moves when somebody else moves it", async () => {
      const id = await opened("elsewhere");
      await shows("5 %");
      await desk.tell(id, "promote");
      await shows("100 %");
    });

    it("hears from the page what no metric knows: a number, and an event that takes it back", async () => {
      const id = await opened("told");
      const dialog = page.getByRole("dialog");
      await page.getByRole("button", { name: "Send support_tickets" }).click();
      await dialog.getByLabel("Value").fill("12");
      await dialog.getByRole("button", { name: "Send" }).click();
      await page.locator(".condition", { hasText: "tickets >= 50" }).getByText("12", { exact: true }).waitFor(SOON);
      await page.getByRole("button", { name: "Send security_incident" }).click();
      await dialog.getByText("It rolls back told in production.").waitFor();
      await dialog.getByRole("button", { name: "Send" }).click();
      await shows("0 %");
      expect((await desk.view(id)).cause).toMatchObject({ subject: "security" });
    });

    it("is what the window is called by", async () => {
      await opened("named");
      await eventually(async () => (await page.title()) === "5 % named · Rampart", 10_000);
    });

    it("pauses and goes on with reasons, which the timeline tells", async () => {
      const id = await opened("paused");
      await press("Pause");
      await page.getByLabel("Reason").fill("the oven is on");
      await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
      await page.getByText("the oven is on").first().waitFor(SOON);
      await desk.isAt(id, "paused");
      await press("Resume");
      await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
      await desk.isAt(id, "running");
      await press("Promote");
      await page.getByRole("dialog").getByRole("button", { name: "Promote" }).click();
      await shows("100 %");
    });

    it("keeps the reason that was typed when a command can't be sent, and sends it at the second try", async () => {
      const id = await opened("retried");
      await page.route("**/pause", (route) => route.abort());
      await press("Pause");
      await page.getByLabel("Reason").fill("a second look");
      const confirm = page.getByRole("dialog").getByRole("button", { name: "Pause" });
      await confirm.click();
      await page.getByRole("dialog").getByRole("alert").waitFor();
      expect(await page.getByLabel("Reason").inputValue()).toBe("a second look");
      await page.unroute("**/pause");
      await confirm.click();
      await desk.isAt(id, "paused");
      expect((await desk.view(id)).cause?.reason).toBe("a second look");
    });
  });

  describe("whose feature is taken back", () => {
    const isBack = async (id: string): Promise<void> => {
      await eventually(async () => (await desk.view(id)).percentage === 0, 5_000);
    };

    it("by holding the mouse down", async () => {
      const id = await opened("by-mouse");
      await hold(page, "Roll back to 0 %");
      await isBack(id);
      await shows("0 %");
      await page.getByRole("heading", { name: "The rollback" }).waitFor(SOON);
    });

    it("not by a slip: a click arms the button, and nothing more", async () => {
      const id = await opened("by-slip");
      await press("Roll back to 0 %");
      await page.getByRole("button", { name: "Press again to roll back by-slip" }).waitFor();
      expect((await desk.view(id)).percentage).toBe(5);
      await page.getByRole("button", { name: "Press again to roll back by-slip" }).click();
      await isBack(id);
    });

    it("by keyboard alone, holding Enter", async () => {
      const id = await opened("by-enter");
      await tabTo("Roll back to 0 %");
      await page.keyboard.down("Enter");
      await page.waitForTimeout(HOLD_MS);
      await page.keyboard.up("Enter");
      await isBack(id);
    });

    it("by keyboard alone, pressing the space bar twice", async () => {
      const id = await opened("by-space");
      await tabTo("Roll back to 0 %");
      await page.keyboard.press("Space");
      await tabTo("Press again to roll back by-space");
      await page.keyboard.press("Space");
      await isBack(id);
    });

    it("while everything else of the API fails", async () => {
      const id = await opened("half-dead");
      await page.route("**/api/**", (route) =>
        route.request().url().endsWith("/rollback") ? route.continue() : route.abort(),
      );
      await page.getByText("The server can't be reached.").first().waitFor(SOON);
      await hold(page, "Roll back to 0 %");
      await isBack(id);
    });

    it("while nothing of the page's data ever loaded", async () => {
      const id = await desk.rollout("never-loaded", desk.plan("never-loaded", CALM_STAGES));
      await desk.isAt(id, "running");
      await page.route("**/api/**", (route) =>
        route.request().url().endsWith("/rollback") ? route.continue() : route.abort(),
      );
      await page.goto(`/rollouts/${id}`);
      await page.getByRole("alert").first().waitFor();
      await hold(page, "Roll back to 0 %");
      await isBack(id);
    });

    it("while not even the session can be asked for", async () => {
      const id = await desk.rollout("no-session", desk.plan("no-session", CALM_STAGES));
      await desk.isAt(id, "running");
      await page.route(/\/(api|console)\//, (route) =>
        route.request().url().endsWith("/rollback") ? route.continue() : route.abort(),
      );
      await page.goto(`/rollouts/${id}`);
      await page.getByRole("alert").first().waitFor();
      await hold(page, "Roll back to 0 %");
      await isBack(id);
    });

    it("by its own trigger, and is followed to recovery with receipts and the budget's legs", async () => {
      const id = await opened("by-trigger");
      desk.metrics.isBad = true;
      await shows("0 %");
      await page.getByText("Trigger fired").first().waitFor(SOON);
      desk.metrics.isBad = false;
      await page.locator(".badge", { hasText: /recovered$/ }).waitFor(SOON);
      await page.getByText("within the budget").waitFor();
      await desk.isAt(id, "rolledBack");
      // What is over still has its button: somebody may have put the flag back.
      await page.getByRole("button", { name: "Kill the flag" }).waitFor(SOON);
    });

    async function tabTo(name: string): Promise<void> {
      const wanted = page.getByRole("button", { name });
      await eventually(async () => {
        if (await wanted.evaluate((button) => button === button.ownerDocument.activeElement)) return true;
        await page.keyboard.press("Tab");
        return false;
      }, 10_000);
    }
  });

  it("asks for the approval of somebody who holds the role, by keyboard alone", async () => {
    const id = await opened("approved-by-key", STAGES);
    const approve = page.getByRole("button", { name: "Approve quarter" });
    await approve.waitFor(SOON);
    await approve.focus();
    await page.keyboard.press("Enter");
    await shows("25 %");
    expect((await desk.view(id)).approvals[0]?.given[0]?.by).toContain("Lea");
  });

  it("offers no approval to who lacks the role, and says whose it is", async () => {
    const token = await desk.token({ kind: "operator", name: "Otto", environments: ["*"], roles: [] });
    const id = await opened("not-mine", STAGES);
    await desk.isAt(id, "awaiting");
    const other = await desk.signedIn({ token });
    const theirs = await other.newPage();
    await theirs.goto(`/rollouts/${id}`);
    await theirs.getByText("waits for engineering-lead").waitFor(SOON);
    expect(await theirs.getByRole("button", { name: "Approve quarter" }).count()).toBe(0);
    await other.close();
  });

  it("hands out its evidence as text, archive and JSON", async () => {
    const id = await opened("kept");
    for (const [name, kind] of [
      ["Text", "md"],
      ["Zip", "zip"],
      ["JSON", "json"],
    ] as const) {
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name, exact: true }).click();
      expect((await download).suggestedFilename()).toBe(`rollout-${id}.${kind}`);
      expect(await (await download).failure()).toBeNull();
    }
  });

  it("draws its charts when asked for them, each with a table", async () => {
    await opened("drawn");
    await page.getByRole("button", { name: "Show" }).click();
    await page.locator(".plot canvas").first().waitFor(SOON);
    await page.getByText("As a table").first().click();
    await page.getByRole("columnheader", { name: "p95" }).waitFor();
  });

  it("says how old it is at most where no news ever came", async () => {
    await page.route("**/api/v1/changes", (route) => route.abort());
    await opened("unheard");
    await page.locator(".strip-bad", { hasText: AGE }).waitFor(SOON);
  });

  it(
    "says how old it is while the server is gone, and is live again when it is back",
    { timeout: 90_000 },
    async () => {
      await opened("cut-off");
      const strip = page.locator(".strip-bad", { hasText: AGE });
      await desk.server.whileDead(async () => {
        await strip.waitFor(SOON);
        await shows("5 %");
      });
      await strip.waitFor({ state: "detached", timeout: 30_000 });
      const failures = page.getByText("The server can't be reached.");
      await eventually(async () => (await failures.count()) === 0, 15_000);
    },
  );
});

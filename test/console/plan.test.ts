import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { Desk } from "./harness.ts";

const SOON = { timeout: 15_000 };

describe.skipIf(!isInstalled("chromium"))("the pages of plans", () => {
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

  const plan = () => page.getByRole("textbox", { name: "Plan" });
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

  /** Replaces the whole text as a person would. */
  async function write(text: string): Promise<void> {
    await plan().click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  }

  it("lead whoever comes to an empty server to a rollout that is under way", async () => {
    await page.goto("/");
    await page.getByRole("link", { name: "Make your first one" }).click();
    await page.getByLabel("Key of the flag").fill("very-first");
    await press("Create it");
    await page.getByText("is there, and off for everybody").waitFor();
    await press("Make a key");
    await page.locator(".code-block", { hasText: "rmp_server_production_" }).waitFor();
    await press("Write the plan");
    await page.getByText("✓ valid").waitFor(SOON);
    await press("Start a rollout");
    await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
    await page.locator(".now", { hasText: "5 %" }).waitFor(SOON);
    await hasSaidNothing();
  });

  it("say at which line a plan is wrong, what helps, and mark it there", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    const text = desk.plan("wrong").replace("percentage: 25", "percentage: 3");
    const line = text.split("\n").findIndex((one) => one.includes("percentage: 3")) + 1;
    await write(text);
    await page.getByText(new RegExp(`^Line ${line}: `)).waitFor(SOON);
    expect(await page.getByRole("button", { name: "Start a rollout" }).getAttribute("aria-disabled")).toBe("true");
    await page.locator(".cm-lintRange-error").first().waitFor();
    await page.locator(".cm-lint-marker-error").first().waitFor();
    await write(desk.plan("wrong"));
    await page.getByText("✓ valid").waitFor(SOON);
  });

  it("complete what the schema knows where the cursor stands", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    await plan().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("  roll");
    await page.locator(".cm-tooltip-autocomplete").getByRole("option", { name: "rollback" }).first().waitFor(SOON);
    await page.keyboard.press("Escape");
  });

  it("keep up with whoever types fast", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    await plan().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# a remark that is longer than one breath\n");
    await eventually(
      async () => (await plan().innerText()).includes("# a remark that is longer than one breath"),
      5_000,
    );
    await page.getByText("✓ valid").waitFor(SOON);
  });

  it("show what a scenario would come to while it is written", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    await page.getByText("Rolled back to 0 %").first().waitFor(SOON);
    await page.getByRole("textbox", { name: "Scenario" }).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("events: []\nuntil: 5m\n");
    await page.getByText("Completed").first().waitFor(SOON);
    await page.getByText("Rolled back to 0 %").first().waitFor({ state: "detached" });
  });

  it("save a plan, list it, and open it again", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    await write(desk.plan("kept-plan"));
    await page.getByText("✓ valid").waitFor(SOON);
    await press("Save");
    await page.getByText("Saved as version 1.").waitFor(SOON);
    await page.goto("/plans");
    await page.getByRole("link", { name: "kept-plan: production canary" }).click();
    await page.getByRole("heading", { name: /kept-plan: production canary, version 1/ }).waitFor(SOON);
    await eventually(async () => (await plan().innerText()).includes("production canary"), 5_000);
  });

  it.each(["phase-9-slice-b", "portal-api-v1", "portal-api-rc1", "spark-trading", "flexoraa-backend"])(
    "offer %s, which is valid as it stands and is simulated",
    async (name) => {
      await page.goto(`/plans/new?from=${name}`);
      await page.getByText("✓ valid").waitFor(SOON);
      await page.getByText("Rolled back to 0 %").first().waitFor(SOON);
    },
  );

  it("check what was written while the server was away once it is back", async () => {
    await page.goto("/plans/new");
    await page.getByText("✓ valid").waitFor(SOON);
    await desk.server.whileDead(async () => {
      await page.locator(".strip-bad").waitFor(SOON);
      await write(desk.plan("written-alone"));
      await page.getByRole("alert").filter({ hasText: "The server can't be reached." }).first().waitFor(SOON);
    });
    await page.getByText("✓ valid").waitFor(SOON);
    await eventually(async () => (await page.getByRole("alert").count()) === 0, 15_000);
    expect(await plan().innerText()).toContain("written-alone");
  });

  async function hasSaidNothing(): Promise<void> {
    expect(await page.locator(".toast-bad").count()).toBe(0);
  }
});

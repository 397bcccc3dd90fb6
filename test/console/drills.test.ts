import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SdkFleet } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { Desk } from "./harness.ts";

// At a desk of its own: what another test's clients hold by their lease would leave a drill unproven.
describe.skipIf(!isInstalled("chromium"))("the console's drills", () => {
  let desk: Desk;

  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk?.stop());

  it("rehearse a rollback with the clients that are connected, and list it", { timeout: 120_000 }, async () => {
    const options = { url: desk.server.url, sdkKey: desk.server.tokens().server, flag: "rampart-drill" };
    const fleet = new SdkFleet({ ...options, processes: 1, clients: 2 });
    const context = await desk.signedIn();
    try {
      await fleet.ready();
      const page = await context.newPage();
      await page.goto("/drills");
      await page.getByRole("button", { name: "Run a drill", exact: true }).click();
      await page.getByRole("button", { name: "Run", exact: true }).click();
      const row = page.getByRole("row", { name: /production.*within 30 ?s/ });
      await row.waitFor({ timeout: 60_000 });
      expect(await row.count()).toBe(1);
    } finally {
      await context.close();
      await fleet.close();
    }
  });
});

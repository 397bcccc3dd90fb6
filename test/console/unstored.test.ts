/** The button that takes a feature back, while nothing can be stored: clients are told at once, and the page says what is durable. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AuditEntry, FlagConfigView, Page } from "@rampart/core";
import type { BrowserContext, Page as BrowserPage } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually, SdkFleet } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk, hold } from "./harness.ts";

/** The server's own. */
const Database = createRequire(new URL("../../packages/server/package.json", import.meta.url))(
  "better-sqlite3",
) as new (path: string) => { exec(sql: string): void; close(): void };

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;

describe.skipIf(!isInstalled("chromium"))("while another program holds the database", () => {
  let desk: Desk;
  let fleet: SdkFleet;
  let context: BrowserContext;
  let page: BrowserPage;
  let holder: InstanceType<typeof Database> | undefined;

  beforeAll(async () => {
    desk = await Desk.start();
    await desk.flag(FLAG);
    const { server } = desk;
    fleet = new SdkFleet({ url: server.url, sdkKey: server.tokens().server, flag: FLAG, processes: 1, clients: 3 });
    await fleet.ready();
  });
  afterAll(async () => {
    await fleet?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await desk.signedIn();
    page = await context.newPage();
  });
  afterEach(async () => {
    letGo();
    await context.close();
  });

  function holdDatabase(): void {
    holder = new Database(join(desk.server.dataDir, "rampart.db"));
    holder.exec("BEGIN IMMEDIATE");
  }
  function letGo(): void {
    holder?.close();
    holder = undefined;
  }
  /** What a server tells before it is stored, it tells as if it were; the audit has only what is. */
  const isStored = async (): Promise<boolean> =>
    (await api<Page<AuditEntry>>(desk.server, "GET", "/api/v1/audit?action=flag.killed")).body.items.length === 1;
  const areOn = async (count: number): Promise<void> =>
    eventually(async () => (await fleet.reports()).filter(({ on }) => on > 0).length === count, 10_000);

  it("a kill says that clients have it off and what is still to be stored, and the flag is killed once it can be", async () => {
    await api(desk.server, "POST", `${PATH}/rollout`, { percentage: 100 });
    await areOn(3);
    await page.goto(`/flags/${FLAG}`);
    await page.locator(".now", { hasText: "100 %" }).waitFor();
    holdDatabase();
    await hold(page, "Kill");
    const told = page.getByRole("status").filter({ hasText: `${FLAG}: ` });
    await told.waitFor();
    expect(await told.innerText()).toContain("off");
    expect(await page.locator(".toast-warn").count()).toBe(1);
    await areOn(0);
    letGo();
    await page.locator(".badge", { hasText: "killed" }).waitFor();
    await eventually(isStored, 20_000);
    expect((await api<FlagConfigView>(desk.server, "GET", PATH)).body.enabled).toBe(false);
  });

  it("a rollback says the same, and the rollout is rolled back once that can be stored", async () => {
    await api(desk.server, "POST", `${PATH}/restore`);
    await api(desk.server, "POST", `${PATH}/rollout`, { percentage: 0 });
    const stages = CALM_STAGES.replace("percentage: 5", "percentage: 99");
    const id = await desk.rollout(FLAG, desk.plan(FLAG, stages));
    await desk.isAt(id, "running");
    await areOn(3);
    await page.goto(`/rollouts/${id}`);
    await page.locator(".now", { hasText: "99 %" }).waitFor();
    holdDatabase();
    await hold(page, "Roll back to 0 %");
    await page.locator(".toast-warn", { hasText: `${FLAG}: ` }).waitFor();
    await areOn(0);
    letGo();
    await page.locator(".now", { hasText: /^0 %$/ }).waitFor();
    await page.locator(".badge", { hasText: "Rolled back" }).waitFor();
  });
});

/** A page that is looked at all day: what it keeps and what an update costs, told apart from what the machine does beside it. */
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk } from "./harness.ts";

const WARM_UP = 40;
const UPDATES = 70;

/** Pauses and resumptions, so that what is kept of the story is full. */
const DITHERINGS = 50;

const HEAP_GROWTH_MAX = 1.1;

/** Of the page's thread, however long the machine lets it wait. */
const CPU_PER_UPDATE_MAX_MS = 50;

/** With every other update something happens, and the story grows. */
const TELLS = `    - { name: told, when: "tickets >= 30", action: notify, severity: P2 }`;

interface Kept {
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly cpuMs: number;
}

describe.skipIf(!isInstalled("chromium"))("a rollout's page that hears of hundreds of updates", () => {
  let desk: Desk;
  let page: Page;
  let devtools: CDPSession;

  beforeAll(async () => {
    desk = await Desk.start();
    const plan = desk.plan("busy", CALM_STAGES).replace("  stages:", `${TELLS}\n  stages:`);
    const id = await desk.rollout("busy", plan);
    await desk.isAt(id, "running");
    for (let dithering = 0; dithering < DITHERINGS; dithering += 1) {
      await desk.tell(id, "pause");
      await desk.tell(id, "resume");
    }
    page = await (await desk.signedIn()).newPage();
    devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.goto(`/rollouts/${id}`);
    await page.getByRole("button", { name: "Show" }).click();
    await page.locator(".plot canvas").first().waitFor();
  });
  afterAll(() => desk?.stop());

  /** Each update is waited for, so that none is skipped. */
  async function hear(count: number): Promise<void> {
    const tickets = page.locator(".condition", { hasText: "tickets >= 50" });
    for (let update = 0; update < count; update += 1) {
      const value = (update % 2) * 30 + 1 + (update % 15);
      await api(desk.server, "POST", "/api/v1/signals", { name: "support_tickets", value });
      await api(desk.server, "PATCH", "/api/v1/environments/production/flags/busy", {
        targets: { someone: update % 2 === 0 ? "on" : "off" },
      });
      await tickets.locator("strong", { hasText: new RegExp(`^${value}$`) }).waitFor();
    }
  }

  async function kept(): Promise<Kept> {
    for (let round = 0; round < 3; round += 1) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return {
      heapBytes: (await devtools.send("Runtime.getHeapUsage")).usedSize,
      nodes: of("Nodes"),
      listeners: of("JSEventListeners"),
      cpuMs: of("TaskDuration") * 1000,
    };
  }

  it("keeps no more of them after as many again, and needs little of the processor for each", async () => {
    await hear(WARM_UP);
    const before = await kept();
    await hear(UPDATES);
    const after = await kept();
    expect(after.heapBytes / before.heapBytes).toBeLessThan(HEAP_GROWTH_MAX);
    expect(after.nodes).toBeLessThan(before.nodes * HEAP_GROWTH_MAX);
    expect(after.listeners).toBeLessThan(before.listeners * HEAP_GROWTH_MAX);
    expect((after.cpuMs - before.cpuMs) / UPDATES).toBeLessThan(CPU_PER_UPDATE_MAX_MS);
  });
});

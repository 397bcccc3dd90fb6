/** Looks at every state of every page: for what keeps people out, on a phone, and, with RAMPART_SCREENSHOTS, to picture it. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isInstalled } from "../e2e/real-parts.ts";
import { Desk } from "./harness.ts";
import { type Scene, setScene } from "./scene.ts";
import { type Look, STATES } from "./states.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

/** Where pictures go; missing: none are made. */
const folder = process.env["RAMPART_SCREENSHOTS"];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

describe.skipIf(!isInstalled("chromium"))("in light, in the dark and on a phone", () => {
  let scene: Scene;
  let empty: Desk;
  let context: BrowserContext;
  let leads: BrowserContext;
  let first: BrowserContext;

  beforeAll(async () => {
    [scene, empty] = await Promise.all([setScene(), Desk.start()]);
    context = await scene.desk.signedIn(LOOK);
    leads = await scene.desk.signedIn({ token: scene.lead, ...LOOK });
    first = await empty.signedIn(LOOK);
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
  }, 180_000);
  // A browser opens six connections to a server, and each page holds one.
  afterEach(async () => {
    for (const { browser } of [scene.desk, empty])
      for (const one of browser.contexts()) for (const page of one.pages()) await page.close();
  });
  afterAll(async () => {
    await scene?.stop();
    await empty?.stop();
  });

  it.each(STATES.map((state) => [state.name, state] as const))("%s is for everybody", async (name, state) => {
    const page = await (name === "rollout-awaiting" ? leads : context).newPage();
    await page.setViewportSize(WIDE);
    await state.before?.(page);
    await page.goto(state.path(scene));
    await page.locator(state.shows).first().waitFor({ timeout: 20_000 });
    await state.after?.(page);
    await isForEverybody(page, name, state.also ?? []);
  });

  it.each([
    ["empty-overview", "/"],
    ["empty-flags", "/flags"],
    ["empty-rollouts", "/rollouts"],
    ["empty-plans", "/plans"],
    ["empty-segments", "/segments"],
    ["empty-clients", "/clients"],
    ["empty-audit", "/audit?actor=nobody"],
    ["empty-channels", "/channels"],
    ["empty-welcome", "/welcome"],
  ])("%s is for everybody", async (name, path) => {
    const page = await first.newPage();
    await page.setViewportSize(WIDE);
    await page.goto(path);
    await page
      .locator(name === "empty-welcome" ? ".welcome" : ".empty")
      .first()
      .waitFor();
    await isForEverybody(page, name, []);
  });

  it("sign-in is for everybody, also when it was refused", async () => {
    const stranger = await empty.browser.newContext({ baseURL: empty.server.url, ...LOOK });
    const page = await stranger.newPage();
    await page.setViewportSize(WIDE);
    await page.goto("/");
    await page.getByLabel("Token").waitFor();
    await isForEverybody(page, "sign-in", []);
    await page.getByLabel("Token").fill("rmp_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await page.setViewportSize(WIDE);
    await isForEverybody(page, "sign-in-refused", []);
  });

  it("offline is for everybody", async () => {
    const page = await first.newPage();
    await page.setViewportSize(WIDE);
    await page.goto("/flags");
    await page.locator(".empty").waitFor();
    await empty.server.whileDead(async () => {
      await page.locator(".strip-bad", { hasText: /[3-9]s ago/ }).waitFor({ timeout: 30_000 });
      await isForEverybody(page, "offline", ["phone"]);
    });
  });
});

const LOOK = { deviceScaleFactor: 1, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" } as const;

async function isForEverybody(page: Page, name: string, also: readonly Look[]): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    if (theme === "light" || also.includes("dark")) await picture(page, theme === "light" ? name : `${name}-dark`);
    expect(await violations(page), `${name}, ${theme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  if (also.includes("forced")) {
    await page.emulateMedia({ forcedColors: "active" });
    await picture(page, `${name}-forced`);
    expect(await violations(page, { areTheirs: true }), `${name}, colours of the reader's own`).toEqual([]);
    await page.emulateMedia({ forcedColors: "none" });
  }
  await page.setViewportSize(PHONE);
  if (also.includes("phone")) await picture(page, `${name}-phone`);
  expect(await violations(page), `${name}, phone`).toEqual([]);
  const overflow = await page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow, `${name} is wider than a phone`).toBe(0);
}

/** `areTheirs`: the colours are the reader's, and so is the contrast; while they change, axe sees one of each. */
async function violations(page: Page, { areTheirs = false } = {}): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const rules = { "color-contrast": { enabled: !areTheirs } };
  const found: readonly Violation[] = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, rules: ${JSON.stringify(rules)}, resultTypes: ["violations"] }).then(({ violations }) => violations)`,
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ""}`),
  );
}

/** Pages that are pictured to their end. */
const LONG = /^(rollout-(running|comparing|rolled-back)|flag)(-dark|-forced)?$/;

async function picture(page: Page, name: string): Promise<void> {
  if (folder === undefined) return;
  await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: LONG.test(name), animations: "disabled" });
}

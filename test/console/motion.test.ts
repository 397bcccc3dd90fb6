/** For those whom motion makes ill, and those who see by colours of their own. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk, HOLD_MS } from "./harness.ts";

/** Below what can be seen. */
const MOTION_MAX_MS = 1;

/** The longest animation or transition that any element of the page has, in milliseconds. */
const LONGEST_MOTION = `Math.max(...[...document.querySelectorAll("*")].flatMap((element) =>
  [null, "::before", "::after"].flatMap((part) => {
    const { animationDuration, transitionDuration } = getComputedStyle(element, part);
    return [...animationDuration.split(","), ...transitionDuration.split(",")].map((text) => parseFloat(text) * (text.trim().endsWith("ms") ? 1 : 1000) || 0);
  })))`;

/** Of what the keyboard comes to: the pages' names, the rollout's head, its commands and some of its conditions. */
const STOPS_LOOKED_AT = 20;

/** The ring around what has the focus. */
const RING = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle + " " + outlineWidth;
})()`;

const edgeOf = (page: Page, selector: string): Promise<string> =>
  page.evaluate(`(() => {
    const { borderTopStyle, borderTopWidth } = getComputedStyle(document.querySelector(${JSON.stringify(selector)}));
    return borderTopStyle + " " + borderTopWidth;
  })()`);

describe.skipIf(!isInstalled("chromium"))("the page of a rollout", () => {
  let desk: Desk;
  let made = 0;

  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk?.stop());

  async function opened(context: BrowserContext): Promise<Page> {
    made += 1;
    const flag = `still-${made}`;
    const id = await desk.rollout(flag, desk.plan(flag, CALM_STAGES));
    await desk.isAt(id, "running");
    const page = await context.newPage();
    await page.goto(`/rollouts/${id}`);
    await page.locator(".spark").first().waitFor();
    return page;
  }

  it("moves nothing where motion is not wanted, and says in words that the button is held", async () => {
    const context = await desk.signedIn({ reducedMotion: "reduce" });
    const page = await opened(context);
    expect(await page.evaluate(LONGEST_MOTION)).toBeLessThanOrEqual(MOTION_MAX_MS);
    await page.getByRole("button", { name: "Roll back to 0 %" }).hover();
    await page.mouse.down();
    await page.getByRole("button", { name: "Keep holding" }).waitFor();
    expect(await page.evaluate(LONGEST_MOTION)).toBeLessThanOrEqual(MOTION_MAX_MS);
    await page.waitForTimeout(HOLD_MS);
    await page.mouse.up();
    await page.locator(".now", { hasText: /^0 %$/ }).waitFor({ timeout: 20_000 });
    await context.close();
  });

  it("fills its bars with a colour of the reader's, and keeps edges where there is none", async () => {
    const context = await desk.signedIn({ forcedColors: "active" });
    const page = await opened(context);
    const colours: readonly [string, string] = await page.evaluate(`(() => {
      const bar = document.querySelector(".meter");
      return [getComputedStyle(bar).backgroundColor, getComputedStyle(bar.firstElementChild).backgroundColor];
    })()`);
    expect(colours[1]).not.toBe(colours[0]);
    expect(await page.evaluate(`getComputedStyle(document.querySelector(".hold")).borderTopStyle`)).toBe("solid");
    await context.close();
  });

  it.each(["light", "dark"] as const)(
    "tells everything by words, marks and edges where the colours are the reader's own, on %s",
    async (colorScheme) => {
      const context = await desk.signedIn({ forcedColors: "active", colorScheme });
      const page = await opened(context);
      for (const badge of await page.locator(".badge").allInnerTexts()) expect(badge).toMatch(/^\S+\s+\w+/);
      expect(await page.locator(".verdict").innerText()).toMatch(/^Running canary/);
      for (const part of [".verdict", ".stop", ".badge", ".card", ".hold"]) {
        expect(await edgeOf(page, part), part).toMatch(/^solid [1-9]/);
      }
      expect(await edgeOf(page, ".stop-current")).toBe("solid 3px");
      for (let presses = 0; presses < STOPS_LOOKED_AT; presses += 1) {
        await page.keyboard.press("Tab");
        expect(await page.evaluate(RING), await page.evaluate("document.activeElement.outerHTML")).toMatch(
          /^(?:solid|auto) [1-9]/,
        );
      }
      await context.close();
    },
  );
});

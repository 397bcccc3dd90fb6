/** Every page of the console in every state that it has, as checks and pictures are made of them. */
import type { Page } from "playwright-core";
import type { Scene } from "./scene.ts";

export interface State {
  /** Names the picture. */
  readonly name: string;
  readonly path: (scene: Scene) => string;
  /** What is there once the state is reached. */
  readonly shows: string;
  /** Before the page is gone to. */
  readonly before?: (page: Page) => Promise<void>;
  /** On the page. */
  readonly after?: (page: Page) => Promise<void>;
  /** Also pictured so. */
  readonly also?: readonly Look[];
}

/** In the dark, on a phone, or in colours of the reader's own. */
export type Look = "dark" | "phone" | "forced";

const press =
  (name: string | RegExp) =>
  async (page: Page): Promise<void> =>
    page.getByRole("button", { name }).first().click();

const refuse = async (page: Page): Promise<void> => {
  await page.route("**/api/**", (route) => route.abort());
};
const stall = async (page: Page): Promise<void> => {
  await page.route("**/api/**", () => undefined);
};

/** With the scene set. */
export const STATES: readonly State[] = [
  { name: "overview", path: () => "/", shows: ".ramp-card", also: ["dark", "phone", "forced"] },
  { name: "overview-loading", path: () => "/", shows: ".skeleton", before: stall },
  { name: "overview-error", path: () => "/", shows: ".notice-bad", before: refuse },
  { name: "rollouts", path: () => "/rollouts", shows: "tbody tr" },
  {
    name: "rollout-running",
    path: ({ running }) => `/rollouts/${running}`,
    shows: ".spark",
    after: async (page) => {
      await page.getByRole("button", { name: "Show" }).click();
      await page.locator(".plot canvas").first().waitFor();
    },
    also: ["dark"],
  },
  {
    name: "rollout-awaiting",
    path: ({ awaiting }) => `/rollouts/${awaiting}`,
    shows: "#people",
    also: ["dark", "phone"],
  },
  { name: "rollout-paused", path: ({ paused }) => `/rollouts/${paused}`, shows: ".verdict-warn" },
  {
    name: "rollout-asked",
    path: ({ paused }) => `/rollouts/${paused}`,
    shows: ".verdict-warn",
    after: press("Resume"),
  },
  { name: "rollout-comparing", path: ({ comparing }) => `/rollouts/${comparing}`, shows: ".ribbon", also: ["dark"] },
  {
    name: "rollout-rolled-back",
    path: ({ rolledBack }) => `/rollouts/${rolledBack}`,
    shows: ".legs",
    after: async (page) => {
      await page.getByRole("button", { name: "Show" }).click();
      await page.locator(".plot canvas").first().waitFor();
    },
    also: ["dark", "phone", "forced"],
  },
  { name: "rollout-loading", path: ({ running }) => `/rollouts/${running}`, shows: ".skeleton", before: stall },
  {
    name: "rollout-error",
    path: ({ running }) => `/rollouts/${running}`,
    shows: ".notice-bad",
    before: refuse,
    also: ["phone"],
  },
  {
    name: "rollout-armed",
    path: ({ running }) => `/rollouts/${running}`,
    shows: ".spark",
    after: press("Roll back to 0 %"),
    also: ["phone"],
  },
  {
    name: "rollout-told",
    path: ({ running }) => `/rollouts/${running}`,
    shows: ".spark",
    after: press("Send security_incident"),
  },
  {
    name: "session-over",
    path: ({ paused }) => `/rollouts/${paused}`,
    shows: ".verdict-warn",
    after: async (page) => {
      await page.route("**/api/**", (route) =>
        route.fulfill({ status: 401, json: { detail: "This server knows no such session." } }),
      );
      await page.getByRole("dialog", { name: "Your session is over" }).waitFor({ timeout: 15_000 });
    },
  },
  { name: "flags", path: () => "/flags", shows: "tbody tr", also: ["phone"] },
  { name: "flags-nothing-found", path: () => "/flags?q=zebra", shows: ".empty" },
  { name: "flag-new", path: () => "/flags", shows: "tbody tr", after: press("New flag") },
  {
    name: "flag",
    path: () => "/flags/dark-mode",
    shows: "#history",
    after: async (page) => {
      await page.getByRole("textbox", { name: "User id" }).last().fill("user-3");
      await page.getByLabel("Attributes, as JSON").fill('{"country": "DE"}');
      await page.getByRole("button", { name: "Explain" }).click();
      await page.locator("#who").locator("xpath=../..").locator(".steps").waitFor();
      await page.locator("summary", { hasText: "Changed" }).first().click();
    },
    also: ["dark", "phone"],
  },
  {
    name: "flag-asked",
    path: () => "/flags/dark-mode",
    shows: ".bars",
    after: async (page) => {
      await page.getByLabel("How far back").selectOption("7 days");
      await page.getByText("As a table").click();
      await page.locator("tbody tr").nth(27).waitFor();
    },
  },
  { name: "flag-killed", path: () => "/flags/legacy-export", shows: "#history" },
  { name: "segments", path: () => "/segments", shows: "tbody tr" },
  { name: "segment-edited", path: () => "/segments", shows: "tbody tr", after: press("Edit beta") },
  { name: "plans", path: () => "/plans", shows: "tbody tr" },
  {
    name: "plan",
    path: () => "/plans/new?from=phase-9-slice-b",
    shows: ".timeline-tall .event",
    also: ["dark", "phone"],
  },
  {
    name: "plan-wrong",
    path: () => "/plans/new",
    shows: ".timeline-tall .event",
    after: async (page) => {
      await page.getByRole("textbox", { name: "Plan" }).click();
      await page.keyboard.press("Control+End");
      await page.keyboard.insertText("  rollbak: { verify: {} }\n");
      await page.locator(".cm-lint-marker-error").waitFor();
    },
  },
  { name: "clients", path: () => "/clients", shows: "tbody tr" },
  { name: "audit", path: () => "/audit", shows: ".needs li" },
  { name: "drills", path: () => "/drills", shows: ".empty" },
  { name: "drill-asked", path: () => "/drills", shows: ".empty", after: press("Run a drill") },
  { name: "channels", path: () => "/channels", shows: "tbody tr" },
  { name: "channel-new", path: () => "/channels", shows: "tbody tr", after: press("New channel") },
  { name: "tokens", path: () => "/tokens", shows: "tbody tr" },
  {
    name: "token-made",
    path: () => "/tokens",
    shows: "tbody tr",
    after: async (page) => {
      await page.getByRole("button", { name: "New token" }).click();
      await page.getByLabel("Name").fill("Pipeline");
      await page.getByRole("button", { name: "Make it" }).click();
      await page.locator(".secret").waitFor();
      // The picture is for everybody.
      await page.evaluate("document.querySelector('.secret').textContent = 'rmp_…'");
    },
  },
  { name: "welcome", path: () => "/welcome", shows: ".welcome li:first-child a" },
  { name: "not-found", path: () => "/flags/no-such-flag", shows: ".notice-bad" },
];

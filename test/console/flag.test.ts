import type { FlagConfigView, RampView } from "@rampart/core";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { Desk, hold } from "./harness.ts";

describe.skipIf(!isInstalled("chromium"))("the pages of flags", () => {
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

  const pathOf = (key: string): string => `/api/v1/environments/production/flags/${key}`;
  const config = async (key: string): Promise<FlagConfigView> =>
    (await api<FlagConfigView>(desk.server, "GET", pathOf(key))).body;
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

  async function opened(key: string): Promise<void> {
    await desk.flag(key);
    await page.goto(`/flags/${key}`);
    await page.getByRole("heading", { name: "Who gets what" }).waitFor();
  }

  async function named(user: string): Promise<void> {
    await page.getByLabel("User id", { exact: true }).first().fill(user);
    await press("Add");
  }

  it("make one, refuse a second of its name, and keep what was typed", async () => {
    await page.goto("/flags");
    for (const outcome of ["made", "refused"] as const) {
      await page.goto("/flags");
      await press("New flag");
      await page.getByLabel("Key").fill("made-here");
      await page.getByLabel("Owner").fill("search-team");
      await press("Create");
      if (outcome === "made") await page.getByRole("heading", { name: "made-here", level: 1 }).waitFor();
      else await page.getByRole("dialog").getByRole("alert").waitFor();
    }
    expect(await page.getByLabel("Owner").inputValue()).toBe("search-team");
    expect(await page.title()).toBe("Flags · Rampart");
  });

  it("name the field that has to be mended, and how, in words", async () => {
    await page.goto("/flags");
    await press("New flag");
    await page.getByLabel("Key").fill("two words");
    await press("Create");
    const said = await page.getByRole("dialog").getByRole("alert").innerText();
    expect(said).toMatch(/^Key: .*contains a space\s+1 to 128 letters/);
    expect(said).not.toContain("/key");
  });

  it("find by key, owner and tag", async () => {
    await desk.flag("tagged", { tags: ["payments"], owner: "money-team" });
    await desk.flag("untagged");
    await page.goto("/flags");
    const rows = page.locator("tbody tr");
    await page.getByPlaceholder("Search by key").fill("payments money");
    await eventually(async () => (await rows.count()) === 1, 5_000);
    expect(await rows.innerText()).toContain("tagged");
    await page.getByPlaceholder("Search by key").fill("nothing like it");
    await page.getByText("Nothing matches").waitFor();
  });

  it("store targets, rules and a share with a reason, and say who is in", async () => {
    await opened("edited");
    await named("ann");
    await press("Add a rule");
    await page.getByLabel("Rule 1, condition 1: values").fill("DE, AT");
    await page.getByLabel("Everybody else: what they get").selectOption("percentage");
    await page.getByLabel("Everybody else: share, percent").fill("12.5");
    await page.getByLabel("Everybody else: share, percent").blur();
    await page.getByLabel("Reason").fill("try it in the south");
    await press("Save");
    await page.getByText("Saved.").waitFor();
    expect(await config("edited")).toMatchObject({
      targets: { ann: "on" },
      rules: [{ clauses: [{ attribute: "country", op: "in", values: ["DE", "AT"] }] }],
      fallthrough: { percentage: 12.5 },
    });
    await page.getByText("try it in the south").waitFor();
    await page.getByRole("textbox", { name: "User id" }).last().fill("bob");
    await page.getByLabel("Attributes, as JSON").fill('{"country": "DE"}');
    await press("Explain");
    await page.getByText(/by name or by a rule/).waitFor();
    await page.getByLabel("Attributes, as JSON").fill('{"country": ');
    await press("Explain");
    await page.getByText("The attributes are not JSON.").waitFor();
  });

  it("show how often it was asked for and what it gave, as bars and as a table", async () => {
    await opened("asked");
    await page.getByText("No SDK has asked for it yet.").waitFor();
    const report = { instanceId: "i", seq: 1, from: 0, to: 1, runs: [], tracks: [], dropped: 0 };
    const counts = [
      ["asked", "on", 1_204],
      ["asked", "off", 96],
      ["asked", null, 3],
    ];
    const { status } = await fetch(`${desk.server.url}/sdk/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${desk.server.tokens().server}`, "content-type": "application/json" },
      body: JSON.stringify({ ...report, evaluations: { counts, dropped: 0 } }),
    });
    expect(status).toBe(204);
    await page.reload();
    await page.locator("svg.bars path").first().waitFor();
    expect(await page.locator("svg.bars path").count()).toBe(3);
    const asked = page.getByRole("region", { name: "Asked for" });
    expect(await asked.innerText()).toMatch(/on 1,204\s+off 96\s+the caller's default 3/);
    await asked.getByText("As a table").click();
    await asked.locator("tbody tr").nth(23).waitFor();
    const row = asked.locator("tbody tr", { hasText: "1,204" });
    expect(await row.innerText()).toMatch(/1,204\s+96\s+3/);
    await asked.getByLabel("How far back").selectOption("30 days");
    // Another chart, and its table is closed.
    await asked.locator("tbody").waitFor({ state: "detached" });
    await asked.getByText("As a table").click();
    await asked.locator("tbody tr").nth(29).waitFor();
    expect(await asked.locator("tbody tr").count()).toBe(30);
    expect(await row.count()).toBe(1);
  });

  it("ramp by hand, with the way back beside it", async () => {
    await opened("ramped");
    await page.getByLabel("Share of users, percent").fill("30");
    await page.getByLabel("Share of users, percent").blur();
    await page.getByText("3,000").waitFor();
    await press("Set to 30 %");
    await page.locator(".now", { hasText: "30 %" }).waitFor();
    await press("Undo");
    await page.locator(".now", { hasText: "0 %" }).waitFor();
    expect((await config("ramped")).fallthrough).toEqual({ percentage: 0 });
  });

  it("lose nothing when somebody else was faster, show what differs, and put it over theirs when told to", async () => {
    await opened("contested");
    await named("mine");
    await api(desk.server, "PATCH", pathOf("contested"), { targets: { theirs: "off" } });
    await press("Save");
    const refused = page.getByRole("alert");
    await refused.waitFor();
    expect(await refused.innerText()).toContain("theirs");
    await page.locator(".chip", { hasText: "mine" }).waitFor();
    await page.getByRole("button", { name: /Somebody else changed it/ }).click();
    await press("Save");
    await page.getByText("Saved.").waitFor();
    expect((await config("contested")).targets).toEqual({ mine: "on" });
  });

  it("tell the history and put back what was before a change", async () => {
    await opened("historic");
    await api(desk.server, "PATCH", pathOf("historic"), { targets: { first: "on" } });
    await api(desk.server, "PATCH", pathOf("historic"), { targets: { second: "on" }, reason: "swapped" });
    await page.getByText("swapped").click();
    await page.locator("dt", { hasText: "User second" }).waitFor();
    await page.getByRole("button", { name: "Put back what was before" }).first().click();
    await page.locator(".chip", { hasText: "first" }).waitFor();
    expect((await config("historic")).targets).toEqual({ first: "on" });
  });

  it("kill by holding and restore by pressing", async () => {
    await opened("killed");
    await api<RampView>(desk.server, "POST", `${pathOf("killed")}/rollout`, { percentage: 40 });
    await page.locator(".now", { hasText: "40 %" }).waitFor();
    await hold(page, "Kill");
    await page.locator(".now", { hasText: "0 %" }).waitFor();
    expect((await config("killed")).enabled).toBe(false);
    await press("Restore");
    await page.locator(".now", { hasText: "40 %" }).waitFor();
  });

  it("kill while nothing else of the API answers", async () => {
    await opened("half-dead");
    await page.route("**/api/**", (route) =>
      route.request().url().endsWith("/kill") ? route.continue() : route.abort(),
    );
    await hold(page, "Kill");
    await eventually(async () => !(await config("half-dead")).enabled, 5_000);
  });

  it("make, change, use and delete a segment, and refuse to delete one that a rule names", async () => {
    await page.goto("/segments");
    await press("New segment");
    await page.getByLabel("Key").fill("beta");
    await page.getByLabel("Always in, one id a line").fill("ann\nbob\n");
    await press("Save");
    await page.getByRole("row", { name: /beta/ }).waitFor();
    await page.getByRole("button", { name: "Edit beta" }).click();
    await press("Add a rule");
    await page.getByLabel("Rule 1, condition 1: values").fill("NL");
    await press("Save");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await opened("segmented");
    const rule = {
      id: "r",
      clauses: [{ attribute: "targetingKey", op: "inSegment", values: ["beta"], negate: false }],
    };
    await api(desk.server, "PATCH", pathOf("segmented"), { rules: [{ ...rule, serve: { variant: "on" } }] });
    await page.goto("/segments");
    await page.getByRole("button", { name: "Delete beta" }).click();
    await press("Delete");
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await press("Cancel");
    expect(await page.evaluate("document.activeElement.textContent")).toContain("Delete beta");
    await api(desk.server, "PATCH", pathOf("segmented"), { rules: [] });
    await page.getByRole("button", { name: "Delete beta" }).click();
    await press("Delete");
    await page.getByText("No segment yet").waitFor();
  });
});

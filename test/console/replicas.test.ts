/** The clients of all servers on one PostgreSQL, as the console of one of them shows them. */
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM } from "../browser/harness.ts";
import { api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { PostgresCluster } from "../e2e/postgres.ts";
import { isInstalled } from "../e2e/real-parts.ts";

const FLAG = "checkout";

describe.skipIf(!isInstalled("chromium"))("the page of clients, with two servers", () => {
  const folder = temporaryFolder();
  let cluster: PostgresCluster;
  let servers: readonly ServerProcess[] = [];
  let fleets: readonly SdkFleet[] = [];
  let browser: Browser;

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    const args = [
      "--dev",
      "--database-url",
      await cluster.createDatabase(),
      "--secret",
      "a secret that both of the servers share",
    ];
    const make = async (name: string): Promise<ServerProcess> =>
      new ServerProcess({
        port: await freePort(),
        dataDir: join(folder.path, name),
        args: [...args, "--replica-id", name],
      });
    servers = [await make("north"), await make("south")];
    for (const server of servers) await server.start();
    const [first] = servers;
    if (first === undefined) throw new Error("no server was started");
    await api(first, "POST", "/api/v1/flags", { key: FLAG });
    const { server: sdkKey } = first.tokens();
    fleets = servers.map(({ url }) => new SdkFleet({ url, sdkKey, flag: FLAG, processes: 1, clients: 2 }));
    await Promise.all(fleets.map((fleet) => fleet.ready()));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(fleets.map((fleet) => fleet.close()));
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    await cluster?.stop();
    folder.dispose();
  });

  it("says of each client which server it is connected to, and counts them all", async () => {
    const page = await browser.newPage({ baseURL: servers[0]?.url ?? "" });
    await page.goto("/clients");
    await page.getByText("4 of 4").waitFor();
    const heads = await page.locator("thead th").allInnerTexts();
    const column = heads.indexOf("Server");
    expect(column).toBeGreaterThan(0);
    const named = async (): Promise<readonly string[]> =>
      (await page.locator(`tbody td:nth-child(${column + 1})`).allInnerTexts()).toSorted();
    await eventually(async () => (await named()).length === 4, 10_000);
    expect(await named()).toEqual(["north", "north", "south", "south"]);
  });
});

import { join } from "node:path";
import { createClient } from "@rampart/sdk-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const USERS = Array.from({ length: 400 }, (_, index) => `user-${index}`);

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: measured }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  metrics:
    failures: { sdk: { measure: error_rate, cohort: on, window: 10s, minEvents: 5 } }
    others: { sdk: { measure: error_rate, cohort: off, window: 10s } }
    latency: { sdk: { measure: p50, cohort: all, window: 10s } }
    uploads: { sdk: { measure: count, metric: upload, cohort: all, window: 10s } }
  triggers:
    - { name: failing, when: "failures >= 50%", for: 2s, action: rollback }
    - { name: control, when: "others >= 50%", action: rollback }
  stages:
    - { name: half, percentage: 50, duration: 1h, criteria: [ { require: "latency < 10s" }, { require: "uploads >= 1" } ] }
  rollback: { verify: { within: 1m, criteria: [ { require: "others < 1%", for: 1s } ] } }
`;

describe("a rollout that is judged by what its users' own process measures", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let client: ReturnType<typeof createClient>;
  let isBroken = false;
  let working: NodeJS.Timeout;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: join(folder.path, "data") });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    client = createClient({ url: server.url, sdkKey: server.tokens().server });
    await client.init({ timeoutMs: 10_000 });
    working = setInterval(work, 50);
  });

  afterAll(async () => {
    clearInterval(working);
    await client?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const fail = (): never => {
    throw new Error("the new way is broken");
  };

  /** What an application does all day. */
  function work(): void {
    for (const user of USERS.toSorted(() => Math.random() - 0.5).slice(0, 20)) {
      try {
        client.run(FLAG, user, { on: () => (isBroken ? fail() : "new"), off: () => "old" });
      } catch {
        // Passed through to whoever called, as it must be.
      }
      client.track("upload", user, { value: 12 });
    }
  }

  const rollout = async (id: string): Promise<RolloutView> =>
    (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
  const value = (view: RolloutView, metric: string): number | undefined =>
    view.metrics.find(({ name }) => name === metric)?.value;
  const measures = async (): Promise<unknown> =>
    (await api<{ measures?: unknown }>(server, "GET", `/api/v1/environments/production/flags/${FLAG}`)).body.measures;

  it("shows both cohorts within seconds, goes on over a crash, and takes back what hurts only those who are on", async () => {
    const started = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    const { id } = started.body;
    expect(await measures()).toEqual(["run", "upload"]);

    const isMeasured = async (): Promise<boolean> => {
      const view = await rollout(id);
      return value(view, "failures") === 0 && value(view, "others") === 0 && (value(view, "uploads") ?? 0) > 0;
    };
    await eventually(isMeasured, 15_000);
    expect(value(await rollout(id), "latency")).toBeLessThan(1);

    await server.stop("SIGKILL");
    await server.start();
    await eventually(isMeasured, 30_000);

    isBroken = true;
    await eventually(async () => (await rollout(id)).status === "rolledBack", 30_000);
    const over = await rollout(id);
    expect(over.sentence).toContain("failing");
    expect(USERS.some((user) => client.isEnabled(FLAG, user))).toBe(false);
    expect(await measures()).toBeUndefined();
  }, 120_000);
});

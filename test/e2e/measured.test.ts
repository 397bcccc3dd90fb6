import { join } from "node:path";
import { createClient } from "@rampart/sdk-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const USERS = Array.from({ length: 2_000 }, (_, index) => `user-${index}`);
/** Users who come by in each turn of the application's work, twenty of which are a second. */
const USERS_PER_TURN = 25;
const TURN_MS = 50;

const planOf = (flag: string, spec: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 1s
${spec}
`;

const BY_THRESHOLD = planOf(
  "by-threshold",
  `  metrics:
    failures: { sdk: { measure: error_rate, cohort: on, window: 10s, minEvents: 5 } }
    others: { sdk: { measure: error_rate, cohort: off, window: 10s } }
    latency: { sdk: { measure: p50, cohort: all, window: 10s } }
    uploads: { sdk: { measure: count, metric: upload, cohort: all, window: 10s } }
  triggers:
    - { name: failing, when: "failures >= 50%", for: 2s, action: rollback }
    - { name: control, when: "others >= 50%", action: rollback }
  stages:
    - { name: half, percentage: 50, duration: 1h, criteria: [ { require: "latency < 10s" }, { require: "uploads >= 1" } ] }
  rollback: { verify: { within: 1m, criteria: [ { require: "others < 5%", for: 1s } ] } }`,
);

const BY_COMPARISON = planOf(
  "by-comparison",
  `  metrics: { failures: { sdk: { measure: error_rate } } }
  triggers: [ { name: regression, compare: failures, action: rollback } ]
  stages: [ { name: canary, percentage: 10, duration: 1h, timeout: 2h } ]`,
);

describe("a rollout that is judged by what its users' own process measures", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let client: ReturnType<typeof createClient>;
  let working: NodeJS.Timeout | undefined;
  let turn = 0;
  let isBroken = false;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: join(folder.path, "data") });
    await server.start();
    for (const key of ["by-threshold", "by-comparison"]) await api(server, "POST", "/api/v1/flags", { key });
    client = createClient({ url: server.url, sdkKey: server.tokens().server });
    await client.init({ timeoutMs: 10_000 });
  });

  afterAll(async () => {
    clearInterval(working);
    await client?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const fail = (): never => {
    throw new Error("this way is broken");
  };

  /** What an application does all day: one user in a hundred fails either way. */
  function work(flag: string): void {
    for (let n = 0; n < USERS_PER_TURN; n++) {
      const index = (turn * USERS_PER_TURN + n) % USERS.length;
      const user = USERS[index] ?? "";
      const isUnlucky = index % 100 === 7;
      try {
        client.run(flag, user, {
          on: () => (isBroken || isUnlucky ? fail() : "new"),
          off: () => (isUnlucky ? fail() : "old"),
        });
      } catch {
        // Passed through to whoever called, as it must be.
      }
      client.track("upload", user, { value: 12 });
    }
    turn += 1;
  }

  async function begin(flag: string, plan: string): Promise<string> {
    isBroken = false;
    clearInterval(working);
    working = setInterval(() => work(flag), TURN_MS);
    const started = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan });
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    return started.body.id;
  }

  const rollout = async (id: string): Promise<RolloutView> =>
    (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
  const valueOf = (view: RolloutView, metric: string): number =>
    view.metrics.find(({ name }) => name === metric)?.value ?? Number.NaN;
  const measures = async (flag: string): Promise<unknown> =>
    (await api<{ measures?: unknown }>(server, "GET", `/api/v1/environments/production/flags/${flag}`)).body.measures;
  const isOnForAnybody = (flag: string): boolean => USERS.some((user) => client.isEnabled(flag, user));

  it("knows both cohorts' plain rates within seconds, goes on over a crash, and takes back what hurts those who are on", async () => {
    const id = await begin("by-threshold", BY_THRESHOLD);
    expect(await measures("by-threshold")).toEqual(["run", "upload"]);
    const isMeasured = async (): Promise<boolean> => {
      const view = await rollout(id);
      return valueOf(view, "failures") < 0.1 && valueOf(view, "others") < 0.1 && valueOf(view, "uploads") > 0;
    };
    await eventually(isMeasured, 15_000);
    expect(valueOf(await rollout(id), "latency")).toBeLessThan(1);

    await server.stop("SIGKILL");
    await server.start();
    await eventually(isMeasured, 30_000);

    isBroken = true;
    await eventually(async () => (await rollout(id)).status === "rolledBack", 30_000);
    expect((await rollout(id)).sentence).toContain("failing");
    await eventually(() => Promise.resolve(!isOnForAnybody("by-threshold")), 5_000);
    expect(await measures("by-threshold")).toBeUndefined();
  }, 120_000);

  it("compares the users of the two, blames nobody for what both suffer, over a crash, and then sees who is hurt", async () => {
    const id = await begin("by-comparison", BY_COMPARISON);
    const comparison = async () => (await rollout(id)).comparisons.find(({ metric }) => metric === "failures");
    const isCompared = async (): Promise<boolean> => (await comparison())?.standing === "compared";
    await eventually(isCompared, 30_000);

    await server.stop("SIGKILL");
    await server.start();
    await eventually(isCompared, 30_000);
    expect((await rollout(id)).status).toBe("running");
    expect((await comparison())?.tests.some(({ isAlarm }) => isAlarm)).toBe(false);

    isBroken = true;
    await eventually(async () => (await rollout(id)).status === "rolledBack", 30_000);
    expect((await rollout(id)).sentence).toContain("regression");
    await eventually(() => Promise.resolve(!isOnForAnybody("by-comparison")), 5_000);
  }, 120_000);
});

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DrillPage, DrillView, FlagView, RolloutView } from "@rampart/core";
import { CLI, SdkFleet, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: drilled }
spec:
  flag: checkout
  environment: production
  interval: 1s
  preconditions: [ { drill: { within: 7d, under: 30s } } ]
  stages: [ { name: one, percentage: 1, duration: 1h } ]
`;

const DRILLED = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: another }
spec:
  flag: checkout
  environment: production
  interval: 1s
  metrics: { error_rate: { prometheus: { url: "http://nowhere.invalid", query: errors }, unit: ratio } }
  triggers: [ { name: errors, when: "error_rate >= 5%", for: 3s, action: rollback } ]
  stages: [ { name: one, percentage: 1, duration: 1h, timeout: 2h } ]
`;

describe("a drill with ten real SDK clients", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let fleet: SdkFleet | undefined;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: join(folder.path, "data") });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: "checkout" });
  });

  afterAll(async () => {
    await fleet?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const drill = (...options: readonly string[]) =>
    spawnSync(
      process.execPath,
      [CLI, "drill", "--json", "--url", server.url, "--token", server.tokens().admin, ...options],
      { encoding: "utf8" },
    );
  const percentage = async (id: string) =>
    (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body.percentage;

  it("proves nothing while nobody is connected", () => {
    const { status, stderr } = drill();
    expect(status).not.toBe(0);
    expect(stderr).toContain("no client was connected");
  });

  it("rolls the drill flag back in all of them, and lets a plan begin that waits for one", async () => {
    const { body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    fleet = new SdkFleet({
      url: server.url,
      sdkKey: server.tokens().server,
      flag: "checkout",
      processes: 2,
      clients: 5,
    });
    await fleet.ready();
    expect(await percentage(body.id)).toBe(0);
    const { status, stdout, stderr } = drill();
    expect(stderr).not.toContain("error");
    expect(status).toBe(0);
    const recorded = JSON.parse(stdout) as DrillView;
    expect(recorded).toMatchObject({ environment: "production", clients: 10 });
    expect(recorded.tookMs).toBeLessThan(30_000);
    // The breach was fed into a metric, which was sampled, so that every leg is known.
    expect(recorded).toMatchObject({ trigger: "drill", condition: "drill >= 1", withinMs: 30_000 });
    expect(Object.keys(recorded.legs ?? {}).toSorted()).toEqual([
      "apply",
      "commitMs",
      "dataAgeMs",
      "decideMs",
      "writeMs",
    ]);
    expect(recorded.waitMs).toBeLessThan(2_000);
    const { body: kept } = await api<DrillView>(server, "GET", `/api/v1/drills/${recorded.rollout}`);
    expect(kept).toEqual(recorded);
    await eventually(async () => (await percentage(body.id)) === 1, 5000);
    await api(server, "POST", `/api/v1/rollouts/${body.id}/rollback`, {});
  });

  it("rehearses the trigger of a plan, with its interval and its for, and writes a report", async () => {
    const [plan, report] = [join(folder.path, "plan.yaml"), join(folder.path, "drill.md")];
    writeFileSync(plan, DRILLED);
    const { status, stdout, stderr } = drill("--plan", plan, "--out", report);
    expect(status, stderr).toBe(0);
    const recorded = JSON.parse(stdout) as DrillView;
    expect(recorded).toMatchObject({ trigger: "errors", condition: "error_rate >= 5%", clients: 10 });
    // The breach has to last for three seconds.
    expect(recorded.waitMs).toBeGreaterThanOrEqual(3_000);
    expect(recorded.tookMs).toBeGreaterThanOrEqual(3_000);
    expect(readFileSync(report, "utf8")).toContain("| written to applied, the last client |");
    const { body } = await api<FlagView>(server, "GET", "/api/v1/flags/checkout");
    expect(body.environments["staging"]?.enabled).toBe(true);
  });

  it("counts for a plan that is started afterwards", async () => {
    await api(server, "POST", "/api/v1/environments/production/flags/checkout/restore", {});
    const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", {
      plan: PLAN.replace("drilled", "again"),
    });
    expect(status, JSON.stringify(body)).toBe(201);
    await eventually(async () => (await percentage(body.id)) === 1, 5000);
    expect((await api<DrillPage>(server, "GET", "/api/v1/drills")).body.items).toHaveLength(2);
  });
});

/** Rollouts on a real server that asks a real HTTP endpoint: what the canned answers of the other tests claim. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EvidenceView, RolloutEventView, RolloutView } from "@rampart/core";
import { loadConfig, startServer, type RunningServer } from "@rampart/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rampart as run, type Outcome } from "./testing/fake-io.ts";

let folder: string;
let server: RunningServer;
let service: Server;
let errorRate = 0.002;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rampart-cli-rollout-"));
  service = createServer((_request, response) => void response.end(JSON.stringify({ errors: errorRate })));
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const loaded = loadConfig(["--dev", "--port=0", `--data-dir=${join(folder, "data")}`, "--log-level=silent"], {});
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  server = await startServer(loaded.config);
  const { port } = service.address() as AddressInfo;
  writeFileSync(join(folder, "plan.yaml"), plan(`http://127.0.0.1:${port}/`));
});

afterAll(async () => {
  await server.close();
  service.close();
  rmSync(folder, { recursive: true, force: true });
});

const plan = (url: string): string => `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: new-checkout, title: "New checkout" }
spec:
  flag: checkout
  environment: production
  interval: 1s
  metrics:
    error_rate: { http: { url: "${url}", measure: { pointer: /errors }, every: 1s }, unit: ratio }
    tickets: { signal: support_tickets, unit: count, baseline: 100 }
  preconditions:
    - { check: "Runbook was read" }
  triggers:
    - { name: errors, when: "error_rate >= 5%", action: rollback, severity: P0 }
    - { name: tickets, when: "tickets >= baseline + 25%", action: pause }
  stages:
    - { name: canary, percentage: 5, duration: 1s, criteria: [ { require: "error_rate < 1%", for: 1s } ] }
    - { name: full, percentage: 100, duration: 1h, approvals: [ { role: engineering-lead } ], checklist: [ "Feedback is neutral" ] }
  rollback: { verify: { within: 1m, criteria: [ { require: "error_rate < 1%", for: 1s } ] } }
`;

function rampart(...argv: readonly string[]): Promise<Outcome> {
  return run([...argv, "--url", server.url], { realTime: true });
}

async function json<T>(...argv: readonly string[]): Promise<T> {
  const { stdout } = await rampart(...argv, "--json");
  return JSON.parse(stdout) as T;
}

describe("a rollout from its plan to its rollback", () => {
  it("starts, and waits for what a person has to check", async () => {
    expect((await rampart("flags", "create", "checkout")).code).toBe(0);
    const { code, stdout } = await rampart("rollout", "start", join(folder, "plan.yaml"));
    expect(code).toBe(0);
    expect(stdout).toContain("checkout in production: preconditions at 0 %");
    expect(stdout).toContain('"Runbook was read" to be ticked');
  });

  it("is alone on its flag, and nobody else moves that", async () => {
    const { id } = await json<RolloutView>("rollout", "status", "checkout");
    const second = await rampart("rollout", "start", join(folder, "plan.yaml"));
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(`rampart rollout status ${id}`);
    expect((await rampart("rollout", "status", id.slice(0, 6))).stdout).toContain("● preconditions");
  });

  it("shows a plan's mistakes in its own lines", async () => {
    const path = join(folder, "bad.yaml");
    writeFileSync(path, plan("http://127.0.0.1:1/").replace("percentage: 100", "percentage: 3"));
    const { code, stderr } = await rampart("rollout", "start", path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:19:\d+: stage 2: percentage 3 must be above/);
  });

  it("refuses what is not possible now, and says what is", async () => {
    const { code, stderr } = await rampart("rollout", "promote", "checkout");
    expect(code).toBe(4);
    expect(stderr).toContain("possible now:");
    expect(stderr).toContain('rampart rollout tick checkout "Runbook was read"');
  });

  it("exposes the first users once the item is ticked", async () => {
    expect((await rampart("rollout", "tick", "checkout", "runbook")).code).toBe(0);
    expect((await rampart("rollout", "wait", "checkout", "--for", "percentage:5", "--timeout", "20s")).code).toBe(0);
    expect((await rampart("flags", "set", "checkout", "50")).code).toBe(4);
  });

  it("acts on a signal at once, and goes on when a person says so", async () => {
    expect((await rampart("signal", "support_tickets", "130")).stdout).toMatch(/checkout +production +paused +5 %/);
    await rampart("signal", "support_tickets", "90");
    expect((await rampart("rollout", "resume", "checkout", "--reason", "a test")).code).toBe(0);
  });

  it("waits for the approval of the next stage, then opens it", async () => {
    const { code } = await rampart("rollout", "wait", "checkout", "--for", "stage:full", "--timeout", "300ms");
    expect(code).toBe(6);
    expect((await rampart("rollout", "approve", "checkout")).code).toBe(0);
    expect((await rampart("rollout", "wait", "checkout", "--for", "stage:full", "--timeout", "20s")).code).toBe(0);
    const { stdout } = await rampart("rollout", "status", "checkout");
    expect(stdout).toMatch(/✔ canary +5 % +done\n +▶ full +100 %/);
    expect(stdout).toMatch(/error_rate >= 5% +0.2% +5% +quiet/);
  });

  it("is back at 0 % when its trigger fires, and whoever follows it sees why and ends with 5", async () => {
    errorRate = 0.08;
    expect((await rampart("rollout", "wait", "checkout", "--timeout", "20s")).code).toBe(5);
    errorRate = 0;
    const { code, stdout } = await rampart("rollout", "status", "checkout", "--watch");
    expect(code).toBe(5);
    expect(stdout).toContain("trigger fired: errors (error_rate >= 5%) at 8%");
    expect(stdout).toContain("recovered");
    const ids = (await rampart("rollout", "status", "checkout", "--watch", "--json")).stdout
      .trimEnd()
      .split("\n")
      .map((text) => (JSON.parse(text) as RolloutEventView).id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  it("leaves its evidence", async () => {
    const evidence = await json<EvidenceView>("rollout", "evidence", "checkout");
    expect(evidence.decisions.map(({ what }) => what)).toEqual(["exposure", "stageDone", "rollback", "recovery"]);
    const { stdout } = await rampart("rollout", "evidence", "checkout");
    expect(stdout).toContain(evidence.plan.digest);
    expect(stdout).toContain("**Stage:** full (100 % of users)");
  });

  it("is rolled back by hand by its flag's key, and can be asked to again", async () => {
    await rampart("flags", "restore", "checkout");
    await rampart("flags", "set", "checkout", "0");
    await rampart("rollout", "start", join(folder, "plan.yaml"));
    await rampart("rollout", "tick", "checkout", "--all");
    await rampart("rollout", "wait", "checkout", "--for", "stage:canary", "--timeout", "20s");
    const { code, stdout } = await rampart("rollout", "rollback", "checkout", "--reason", "by hand");
    expect(code).toBe(0);
    expect(stdout).toMatch(/rolled back(, verifying)? at 0 %/);
    expect((await rampart("rollout", "rollback", "checkout")).code).toBe(0);
    expect((await rampart("rollout", "list", "--flag", "checkout")).stdout.split("\n")).toHaveLength(4);
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BacktestView } from "@rampart/core";
import { CLI, temporaryFolder } from "./harness.ts";
import { Counterpart, isInstalled } from "./real-parts.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SCRAPE_MS = 30_000;
const EXAMPLES = fileURLToPath(new URL("../../examples/plans/", import.meta.url));

/** A day and a half, which ended an hour ago, with twenty minutes in which every fifth request failed. */
const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const from = now - 37 * HOUR_MS;
const to = now - HOUR_MS;
const incident = { from: now - 24 * HOUR_MS, to: now - 24 * HOUR_MS + 20 * MINUTE_MS };

function pastOf(): string {
  const counts = { good: 0, bad: 0 };
  const lines = { good: [] as string[], bad: [] as string[] };
  for (let at = from; at <= to; at += SCRAPE_MS) {
    const failing = at > incident.from && at <= incident.to ? 0.2 : 0.002;
    counts.good += 3000 * (1 - failing);
    counts.bad += 3000 * failing;
    lines.good.push(`http_requests_total{status="200"} ${counts.good} ${at / 1000}`);
    lines.bad.push(`http_requests_total{status="500"} ${counts.bad} ${at / 1000}`);
  }
  return ["# TYPE http_requests counter", ...lines.good, ...lines.bad, "# EOF", ""].join("\n");
}

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  prometheus: { url: "\${PROMETHEUS_URL}" }
  metrics:
    error_rate: { prometheus: 'sum(rate(http_requests_total{status=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))', unit: ratio }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 2m, action: rollback }
    - { name: many-errors, when: "error_rate >= 30%", action: rollback }
    - { name: failing, promql: 'sum(rate(http_requests_total{status=~"5.."}[1m])) > 10', action: notify }
  stages:
    - { name: canary, percentage: 5, duration: 1h, timeout: 3h, criteria: [ { require: "error_rate < 1%", for: 30m } ] }
    - { name: full, percentage: 100, duration: 1h, timeout: 3h }
`;

const iso = (at: number): string => new Date(at).toISOString();

describe.skipIf(!isInstalled("prometheus", "promtool"))("a backtest against Debian's Prometheus", () => {
  const folder = temporaryFolder();
  let prometheus: Counterpart;
  const planFile = join(folder.path, "plan.yaml");

  beforeAll(async () => {
    prometheus = await Counterpart.prometheus({ folder: folder.path, past: pastOf() });
    writeFileSync(planFile, PLAN);
  });

  afterAll(async () => {
    await prometheus?.stop();
    folder.dispose();
  });

  /** The program in a process of its own. */
  async function backtest(file: string, ...options: readonly string[]) {
    const env = { ...process.env, PROMETHEUS_URL: prometheus.url };
    const child = spawn(process.execPath, [CLI, "plan", "backtest", file, ...options], { env });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    return { code, ...said };
  }

  it("finds the incident of the day before, when and for how long, and nothing else", async () => {
    const { code, stdout, stderr } = await backtest(planFile, "--from", iso(from + HOUR_MS), "--to", iso(to), "--json");
    expect(code, stderr).toBe(0);
    const { triggers, metrics } = JSON.parse(stdout) as BacktestView;
    expect(metrics[0]).toMatchObject({ name: "error_rate", samples: 12_601, noData: 0, errors: 0 });
    expect(triggers.map(({ name, fired }) => [name, fired])).toEqual([
      ["errors", 1],
      ["many-errors", 0],
      ["failing", 1],
    ]);
    const [firing] = triggers[0]?.firings ?? [];
    // The rate of a minute sees the first bad scrape when it comes, half a minute into the incident.
    expect(firing).toMatchObject({ since: iso(incident.from + SCRAPE_MS), threshold: 0.05 });
    expect(firing?.at).toBe(iso(incident.from + SCRAPE_MS + 2 * MINUTE_MS));
    expect(firing?.peak).toBeCloseTo(0.2);
    expect(Date.parse(firing?.until ?? "") - incident.to).toBeGreaterThan(0);
    expect(Date.parse(firing?.until ?? "") - incident.to).toBeLessThanOrEqual(MINUTE_MS + SCRAPE_MS);
  });

  it("shows a rollout that ran into it, and fails where that is asked for", async () => {
    const start = iso(incident.from - 10 * MINUTE_MS);
    const { code, stdout, stderr } = await backtest(
      planFile,
      "--days",
      "1.5",
      "--start",
      start,
      "--fail-on",
      "rollback",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/rolledBack {2}12m30s {2}canary {2}Rolled back by trigger errors/);
    expect(stderr).toContain("a rollout would have been taken back by trigger errors");
  });

  it("says which query can't be read, and why", async () => {
    writeFileSync(
      join(folder.path, "broken.yaml"),
      PLAN.replace("sum(rate(http_requests_total[1m]))'", "rate(http_requests_total)'"),
    );
    const { code, stderr } = await backtest(join(folder.path, "broken.yaml"));
    expect(code).toBe(1);
    expect(stderr).toContain("error_rate can't be read: the server answered 400");
    expect(stderr).toContain('in call to function "rate"');
    expect(stderr).toMatch(/asked: sum\(rate\(http_requests_total/);
  });

  it("takes all the example plans, and says of what there is no history", async () => {
    const plans = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
    expect(plans).toHaveLength(5);
    for (const name of plans) {
      const { code, stdout, stderr } = await backtest(
        join(EXAMPLES, name),
        "--days",
        "1",
        "--prometheus",
        prometheus.url,
      );
      expect(code, `${name}: ${stderr}`).toBe(0);
      expect(stdout).toContain("There is nothing of ");
    }
  });
});

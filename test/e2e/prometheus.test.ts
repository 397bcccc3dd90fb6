import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutEventPage, RolloutView } from "@rampart/core";
import { SdkFleet, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";
import { Counterpart, SampleService, isInstalled } from "./real-parts.ts";

const FLAG = "v1.4.0";
/** As a team wrote it in its plan, but for the windows: 5 s in place of 5 m, so that a test need not wait. */
const HIGH_ERROR_RATE = 'sum(rate(http_requests_total{status=~"5.."}[5s])) / sum(rate(http_requests_total[5s])) > 0.03';

const plan = (prometheus: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: real-prometheus, title: Real Prometheus }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  prometheus: { url: "${prometheus}" }
  metrics:
    p95: { prometheus: 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5s])))', unit: seconds }
    error_rate: { prometheus: '(sum(rate(http_requests_total{status=~"5.."}[5s])) or vector(0)) / sum(rate(http_requests_total[5s]))', unit: ratio }
  triggers:
    - { name: high-error-rate, promql: '${HIGH_ERROR_RATE}', action: rollback, severity: P0 }
  stages:
    - { name: pilot, percentage: 1, duration: 3s, criteria: [ { require: "p95 < 200ms", for: 1s } ] }
    - { name: quarter, percentage: 25, duration: 10m }
  rollback: { verify: { within: 60s, criteria: [ { require: "error_rate < 1%", for: 2s } ] } }
`;

/** A critical trigger of the same team's plan, to the letter. */
const LATENCY_SPIKE = "histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m])) > 0.4";

const latencyPlan = (prometheus: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: latency }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  prometheus: { url: "${prometheus}" }
  triggers: [ { name: p95-spike, promql: '${LATENCY_SPIKE}', action: rollback, severity: P0 } ]
  stages: [ { name: half, percentage: 50, duration: 10m } ]
`;

/** What a service says of itself between two of its restarts is no more than a hundred requests. */
const RESTART_EVERY_MS = 700;

/** That are looked at while it does so. */
const SAMPLINGS = 8;

const restartingPlan = (prometheus: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: restarting }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  prometheus: { url: "${prometheus}" }
  metrics:
    error_rate: { prometheus: 'sum(rate(http_requests_total{status=~"5.."}[5s])) / sum(rate(http_requests_total[5s]))', unit: ratio }
    requests: { prometheus: 'sum(increase(http_requests_total[5s]))', unit: count }
    nobody: { prometheus: 'sum(rate(http_requests_total{status="418"}[5s])) / sum(rate(http_requests_total{status="418"}[5s]))', unit: ratio }
  triggers:
    - { name: errors, when: "error_rate >= 5%", action: rollback, severity: P0 }
    - { name: impossible, when: "requests < 0", action: rollback, severity: P0 }
  stages:
    - { name: half, percentage: 50, duration: 3s, criteria: [ { require: "error_rate < 1%", for: 2s } ] }
    - { name: most, percentage: 75, duration: 2s, criteria: [ { require: "nobody < 1%" } ] }
    - { name: whole, percentage: 100, duration: 10m }
`;

const rules = `groups:
  - name: sample
    rules:
      - alert: HighErrorRate
        expr: ${HIGH_ERROR_RATE}
        labels: { severity: critical, rampart_flag: "${FLAG}", rampart_environment: production, rampart_action: rollback }
`;

describe.skipIf(!isInstalled("prometheus", "prometheus-alertmanager"))(
  "against Debian's Prometheus and Alertmanager",
  () => {
    const folder = temporaryFolder();
    let service: SampleService;
    let server: ServerProcess;
    let fleet: SdkFleet;
    const counterparts: Counterpart[] = [];

    beforeAll(async () => {
      process.env["RAMPART_EGRESS_PRIVATE"] = "true";
      service = await SampleService.start();
      server = new ServerProcess({ port: await freePort(), dataDir: `${folder.path}/data` });
      await server.start();
      expect((await api(server, "POST", "/api/v1/flags", { key: FLAG })).status).toBe(201);
      fleet = new SdkFleet({ url: server.url, sdkKey: server.tokens().server, flag: FLAG, processes: 2, clients: 5 });
      await fleet.ready();
    });

    afterAll(async () => {
      await fleet?.close();
      for (const counterpart of counterparts) await counterpart.stop();
      await server?.stop("SIGTERM");
      await service?.stop();
      folder.dispose();
    });

    const view = async (id: string): Promise<RolloutView> =>
      (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
    const nobodyIsOn = async (): Promise<boolean> => (await fleet.reports()).every((report) => report.on === 0);

    it("a plan with a team's own PromQL ramps, sees the breach, is off in every client, and recovers", async () => {
      const prometheus = await Counterpart.prometheus({ folder: folder.path, target: service.target });
      counterparts.push(prometheus);
      const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", {
        plan: plan(prometheus.url),
      });
      expect(status, JSON.stringify(body)).toBe(201);
      await eventually(async () => (await view(body.id)).percentage === 25, 60_000);
      await eventually(async () => (await fleet.reports()).every((report) => report.on > 0), 5000);

      const brokenAt = Date.now();
      service.failureShare = 0.2;
      await eventually(nobodyIsOn, 30_000);
      const offAt = Date.now();
      const after = await view(body.id);
      expect(after.cause).toMatchObject({ kind: "trigger", subject: "high-error-rate" });

      service.failureShare = 0;
      await eventually(async () => (await view(body.id)).status === "rolledBack", 60_000);
      expect((await view(body.id)).recovery?.state).toBe("recovered");
      const events = (await api<RolloutEventPage>(server, "GET", `/api/v1/rollouts/${body.id}/events?limit=1000`)).body
        .items;
      const at = (name: string) => Date.parse(events.find((event) => event.event === name)?.at ?? "");
      console.log(
        `fault → decision ${at("triggerFired") - brokenAt} ms, decision → seen off in all clients ${offAt - at("triggerFired")} ms (looked at every 25 ms), recovery ${at("recovered") - offAt} ms later`,
      );
      expect(offAt - brokenAt, "well under the bound").toBeLessThan(30_000);
    });

    it("a team's own latency query rolls back, to the letter", async () => {
      await api(server, "POST", `/api/v1/environments/production/flags/${FLAG}/restore`);
      const url = counterparts[0]?.url ?? "";
      const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: latencyPlan(url) });
      expect(status, JSON.stringify(body)).toBe(201);
      await eventually(async () => (await view(body.id)).percentage === 50, 30_000);
      service.failureShare = 0.9;
      await eventually(async () => (await view(body.id)).percentage === 0, 60_000);
      service.failureShare = 0;
      expect((await view(body.id)).cause).toMatchObject({ kind: "trigger", subject: "p95-spike" });
      await eventually(nobodyIsOn, 5000);
    });

    it("a service whose counters restart again and again is no breach, no data is no pass, and a real breach is seen all the same", async () => {
      await api(server, "POST", `/api/v1/environments/production/flags/${FLAG}/restore`);
      const url = counterparts[0]?.url ?? "";
      const restarts = setInterval(() => service.restart(), RESTART_EVERY_MS);
      try {
        const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", {
          plan: restartingPlan(url),
        });
        expect(status, JSON.stringify(body)).toBe(201);
        // Through the first stage, and no further: of what nobody counts there is nothing to say.
        await eventually(async () => (await view(body.id)).percentage === 75, 60_000);
        const seen = new Map<string | undefined, number | undefined>();
        await eventually(async () => {
          const { lastSampleAt, metrics } = await view(body.id);
          expect(metrics.find(({ name }) => name === "nobody")?.state).toBe("noData");
          seen.set(lastSampleAt, metrics.find(({ name }) => name === "requests")?.value);
          return seen.size > SAMPLINGS;
        }, 30_000);
        expect([...seen.values()].filter((value) => value !== undefined && value > 0).length).toBeGreaterThan(0);
        expect([...seen.values()].every((value) => value === undefined || value >= 0)).toBe(true);
        expect((await view(body.id)).percentage).toBe(75);
        service.failureShare = 0.5;
        await eventually(nobodyIsOn, 30_000);
        expect((await view(body.id)).cause).toMatchObject({ kind: "trigger", subject: "errors" });
      } finally {
        clearInterval(restarts);
        service.failureShare = 0;
      }
    });

    it("a firing alert of a real Alertmanager takes a flag that no rollout manages to 0 %", async () => {
      const restore = `/api/v1/environments/production/flags/${FLAG}`;
      await api(server, "POST", `${restore}/restore`);
      await api(server, "POST", `${restore}/rollout`, { percentage: 50 });
      await eventually(async () => (await fleet.reports()).every((report) => report.on > 0), 5000);

      const alertmanager = await Counterpart.alertmanager({
        folder: folder.path,
        webhook: `${server.url}/api/v1/integrations/alertmanager`,
        token: server.tokens().admin,
      });
      counterparts.push(alertmanager);
      const second = temporaryFolder();
      counterparts.push(
        await Counterpart.prometheus({
          folder: second.path,
          target: service.target,
          rules,
          alertmanager: new URL(alertmanager.url).host,
        }),
      );
      service.failureShare = 0.2;
      await eventually(nobodyIsOn, 60_000);
      service.failureShare = 0;
    });
  },
);

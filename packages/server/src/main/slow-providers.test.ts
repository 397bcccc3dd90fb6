import { describe, expect, it } from "vitest";
import { startMetricsServer } from "../testing/metrics-server.ts";
import { INTERVAL_MS, startRolloutServer } from "../testing/rollout-server.ts";

const planFor = (flag: string, metrics: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 10s
  metrics:
    errors: { prometheus: { url: "\${METRICS_URL}", query: errors }, unit: ratio }
${metrics}
  triggers: [ { name: errors, when: "errors >= 5%", action: rollback, severity: P0 } ]
  stages: [ { name: canary, percentage: 5, duration: 1h, criteria: [ { require: "errors < 1%" } ] } ]
`;

/** One rollout of two providers, one of which begins to trickle, and another rollout that asks the good one alone. */
async function startBoth() {
  const server = await startRolloutServer();
  const slow = await startMetricsServer(() => server.platform.clock.now());
  slow.values.set("latency", 0.1);
  await server.call("POST /api/v1/flags", { body: { key: "alone" } });
  const latency = `    latency: { prometheus: { url: "${slow.url}", query: latency }, unit: seconds }`;
  const both = await server.begin(planFor("checkout", latency));
  const alone = await server.begin(planFor("alone", ""));
  await server.until(both, "running");
  await server.until(alone, "running");
  slow.trickling.add("latency");
  server.metrics.values.set("errors", 0.5);
  return { server, both, alone };
}

describe("a provider that trickles", () => {
  it("keeps a trigger on another provider's metric from firing for its deadline at most: it fires with the same sampling", async () => {
    const { server, both } = await startBoth();
    const breachedAt = server.platform.clock.now();
    await server.pass(INTERVAL_MS);
    const { percentage, cause, metrics } = await server.rollout(both);
    expect([percentage, cause]).toMatchObject([0, { kind: "trigger", subject: "errors" }]);
    expect(metrics.find(({ name }) => name === "latency")).toMatchObject({
      state: "error",
      reason: expect.stringContaining("no whole answer within 2000 ms") as string,
    });
    const fired = (await server.events(both)).find(({ event }) => event === "triggerFired");
    expect(Date.parse(fired?.at ?? "") - breachedAt).toBeLessThanOrEqual(INTERVAL_MS);
  });

  // A machine that stands still for the two seconds of the deadline shows nothing.
  it("holds up no other rollout at all", { retry: 3 }, async () => {
    const { server, both, alone } = await startBoth();
    await server.platform.advance(INTERVAL_MS);
    for (;;) {
      const [waiting, done] = await Promise.all([server.rollout(both), server.rollout(alone)]);
      if (done.percentage === 0) {
        expect(done.cause).toMatchObject({ subject: "errors" });
        // Still waiting for its own slow provider.
        expect(waiting.percentage).toBe(5);
        return;
      }
      await server.platform.advance(0);
    }
  });
});

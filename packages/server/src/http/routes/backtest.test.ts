import { describe, expect, it } from "vitest";
import type { BacktestView, Problem } from "@rampart/core";
import { PLAN, startRolloutServer } from "../../testing/rollout-server.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A server whose metric said, for ten minutes some hours ago, that every tenth request failed. */
async function serverWithIncident() {
  const server = await startRolloutServer();
  // Samplings lie on whole multiples of their interval.
  const now = Math.floor(server.platform.clock.now() / 10_000) * 10_000;
  const incident = { from: now - 5 * HOUR, to: now - 5 * HOUR + 10 * MINUTE };
  server.metrics.past.set("errors", (at) => (at >= incident.from && at < incident.to ? 0.1 : 0.001));
  const backtest = <T = BacktestView>(body: object, options: object = {}) =>
    server.call<T>("POST /api/v1/plans/backtest", { body: { plan: PLAN, ...body }, ...options });
  return { ...server, incident, backtest, at: (ms: number) => new Date(ms).toISOString() };
}

describe("POST /api/v1/plans/backtest", () => {
  it("plays the plan against the past of its metrics, asked for with its variables, and stores nothing", async () => {
    const { backtest, incident, metrics, call, at } = await serverWithIncident();
    const { status, body } = await backtest({ days: 1 });
    expect(status).toBe(200);
    expect(body.metrics).toMatchObject([{ name: "errors", samples: 8641, noData: 0, errors: 0 }]);
    expect(body.triggers).toMatchObject([
      {
        name: "errors",
        stages: ["canary", "half", "full"],
        fired: 1,
        firings: [
          { at: at(incident.from + 20_000), since: at(incident.from), until: at(incident.to - 10_000), peak: 0.1 },
        ],
      },
    ]);
    expect(body.leftOut.map(({ what }) => what)).toEqual([
      "trigger security (signal security_incident)",
      "trigger tickets (tickets >= 100)",
      "rollback.verify",
    ]);
    expect(body.rollouts.map(({ outcome }) => outcome)).toEqual(["completed", "completed", "completed", "completed"]);
    expect(metrics.authorization).toBe("Bearer s3cr3t");
    expect((await call<{ items: unknown[] }>("GET /api/v1/plans")).body.items).toEqual([]);
  });

  it("shows what would have become of one rollout, and watches one stage", async () => {
    const { backtest, incident, at } = await serverWithIncident();
    const { body } = await backtest({
      from: at(incident.from - HOUR),
      to: at(incident.to),
      startAt: at(incident.from - MINUTE),
      stage: "half",
    });
    expect(body.triggers).toMatchObject([{ name: "errors", stages: ["half"] }]);
    expect(body.rollouts).toMatchObject([
      {
        outcome: "rolledBack",
        stage: "canary",
        at: at(incident.from + 20_000),
        cause: { kind: "trigger", subject: "errors" },
      },
    ]);
  });

  it("says what is wrong with the question, and what would do", async () => {
    const { backtest } = await serverWithIncident();
    expect((await backtest<Problem>({ stage: "canry" })).body).toMatchObject({
      status: 400,
      code: "BACKTEST_INVALID",
      detail: 'The backtest can\'t be done: the plan has no stage "canry".',
      hint: "it has canary.",
    });
    expect((await backtest<Problem>({ days: 60 })).body).toMatchObject({
      code: "BACKTEST_INVALID",
      detail: "The backtest can't be done: that is 518,401 samples, and 300,000 is the most that are held.",
    });
    expect((await backtest<Problem>({ plan: "kind: nothing" })).body.code).toBe("PLAN_INVALID");
  });

  it("names the metric that can't be read, without a secret", async () => {
    const { backtest, metrics } = await serverWithIncident();
    metrics.past.delete("errors");
    metrics.values.set("errors", undefined);
    const { status, body } = await backtest<Problem>({ days: 1 });
    expect(status).toBe(502);
    expect(body).toMatchObject({ code: "METRIC_UNREADABLE" });
    expect(body.detail).toMatch(/^errors \(errors\) can't be read: /);
    expect(JSON.stringify(body)).not.toContain("s3cr3t");
  });

  it("takes what starting a rollout takes, for the plan's environment: the plan's variables go where it says", async () => {
    const { backtest, token, metrics } = await serverWithIncident();
    for (const [kind, environments] of [
      ["viewer", ["*"]],
      ["operator", ["staging"]],
    ] as const) {
      const { text } = await token(kind, environments);
      const { status, body } = await backtest<Problem>({}, { token: text });
      expect(status).toBe(403);
      expect(body.code).toBe("FORBIDDEN");
    }
    expect(metrics.asked).toEqual([]);
  });

  it("is done one at a time", async () => {
    const { backtest, metrics } = await serverWithIncident();
    let release = (): void => undefined;
    metrics.released = new Promise((resolve) => (release = resolve));
    const first = backtest({ days: 1 });
    await expect.poll(() => metrics.asked.length).toBe(1);
    const second = await backtest<Problem>({ days: 1 });
    expect(second.status).toBe(429);
    expect(second.body.detail).toBe("Another backtest is going on.");
    release();
    expect((await first).status).toBe(200);
    expect((await backtest({ days: 1 })).status).toBe(200);
  });
});

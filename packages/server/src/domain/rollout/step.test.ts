import { describe, expect, it } from "vitest";
import { alignedInstant, nextDeadline, nextSampleAt } from "./deadline.ts";
import { Drive } from "./testing/drive.ts";
import { planOf } from "./testing/story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HEALTHY = { error_rate: 0, p95: 0.1 };
const plan = planOf(`
triggers: [{ name: errors, when: error_rate >= 5%, for: 2m, action: rollback }, { name: incident, signal: incident, action: pause }]
stages: [{ name: a, percentage: 5, duration: 1h, criteria: [p95 < 500ms] }, { name: b, percentage: 10, duration: 1h }, { name: c, percentage: 20, duration: 1h }]
rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }
`);

function running(): Drive {
  const drive = new Drive(plan);
  drive.send({ kind: "tick" });
  return drive.sampleUntil(0, HEALTHY);
}

describe("a step", () => {
  it("opens one stage after an outage, however long it was, and gives that stage its whole time", () => {
    const drive = running().sampleUntil(30 * MINUTE_MS, HEALTHY);
    drive.now = 72 * HOUR_MS;
    drive.sampleUntil(72 * HOUR_MS, HEALTHY);
    // Nobody has looked for three days: the criterion must be seen to hold again.
    expect(drive.state.percentage).toBe(5);
    drive.now += 10_000;
    drive.sampleUntil(72 * HOUR_MS + 2 * MINUTE_MS, HEALTHY);
    expect(drive.state.percentage).toBe(10);
    drive.now += 10_000;
    drive.sampleUntil(73 * HOUR_MS, HEALTHY);
    expect(drive.state.percentage).toBe(10);
  });

  it("does not advance on a tick whose last samples are old", () => {
    const drive = running().sampleUntil(59 * MINUTE_MS, HEALTHY);
    drive.now = 61 * MINUTE_MS;
    drive.send({ kind: "tick" });
    expect(drive.state.percentage).toBe(5);
  });

  it("does not advance on a tick after an outage, although the stage asks for nothing but time", () => {
    const plain = planOf(
      "stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1h }]",
    );
    const drive = new Drive(plain);
    drive.send({ kind: "tick" });
    drive.sampleUntil(59 * MINUTE_MS);
    drive.now = 2 * HOUR_MS;
    drive.send({ kind: "tick" });
    expect(drive.state.percentage).toBe(5);
    drive.sampleUntil(drive.now);
    expect(drive.state.percentage).toBe(10);
  });

  it("counts a criterion from the sampling that began exposure, however long its answer took", () => {
    const plain = planOf(
      "stages: [{ name: a, percentage: 5, duration: 1m, criteria: [error_rate < 1%] }, { name: b, percentage: 10, duration: 1h }]",
    );
    const drive = new Drive(plain);
    drive.send({ kind: "tick" });
    drive.now = 1900;
    drive.send({ kind: "samples", sampledAt: 0, values: { error_rate: { kind: "value", value: 0, ageMs: 0 } } });
    expect(drive.state.percentage).toBe(5);
    drive.now = 10_000;
    drive.sampleUntil(2 * MINUTE_MS, HEALTHY);
    expect(drive.state.percentage).toBe(10);
  });

  it("takes the answer of a URL that is called every minute for fresh until the third call is missed", () => {
    const slow = planOf(`
metrics: { health: { http: { url: "https://shop.example/health", every: 1m } } }
stages: [{ name: a, percentage: 5, duration: 1h, criteria: [health >= 99%] }]
`);
    const drive = new Drive(slow);
    drive.send({ kind: "tick" });
    drive.send({ kind: "samples", sampledAt: 0, values: { health: { kind: "value", value: 1, ageMs: 179_000 } } });
    expect(drive.state.missing).toEqual({});
    drive.now = 10_000;
    drive.send({ kind: "samples", sampledAt: 10_000, values: { health: { kind: "value", value: 1, ageMs: 181_000 } } });
    expect(Object.keys(drive.state.missing)).toEqual(["health"]);
  });

  it("lets no time pass when the clock goes back", () => {
    const drive = running().sampleUntil(30 * MINUTE_MS, HEALTHY);
    drive.now = 10 * MINUTE_MS;
    drive.send({ kind: "tick" });
    expect(drive.state.now).toBe(30 * MINUTE_MS);
    expect(drive.state.lastSampleAt).toBe(30 * MINUTE_MS);
  });

  it("ignores a sampling that is not newer than the last one", () => {
    const drive = running().sampleUntil(MINUTE_MS, HEALTHY);
    const before = drive.state;
    drive.send({ kind: "samples", sampledAt: 30_000, values: { error_rate: { kind: "value", value: 1, ageMs: 0 } } });
    expect(drive.state.observations).toEqual(before.observations);
    expect(drive.state.streaks).toEqual(before.streaks);
  });

  it("keeps the time that providers take out of `for`", () => {
    const drive = running().sampleUntil(MINUTE_MS, HEALTHY);
    for (let at = MINUTE_MS + 10_000; at <= 3 * MINUTE_MS + 10_000; at += 10_000) {
      // Every second answer takes 1.9 s.
      drive.now = at + ((at / 10_000) % 2) * 1900;
      drive.send({
        kind: "samples",
        sampledAt: at,
        values: { error_rate: { kind: "value", value: 1, ageMs: 0 }, p95: { kind: "value", value: 0.1, ageMs: 0 } },
      });
      expect(drive.status).toBe(at < 3 * MINUTE_MS + 10_000 ? "running" : "rollingBack");
    }
  });

  it("asks for a kill again until it is confirmed, because the answer may have died with the process", () => {
    const drive = running();
    expect(drive.command({ kind: "rollback" }).filter((effect) => effect.kind === "kill")).toHaveLength(1);
    drive.now += 1000;
    expect(nextDeadline(plan, drive.state)).toBe(drive.now);
    expect(drive.send({ kind: "tick" }).map((effect) => effect.kind)).toEqual(["kill"]);
    drive.send({ kind: "rolledBackCommitted", revision: 12 });
    expect(drive.status).toBe("verifying");
  });

  it("that refuses leaves no trace: the state is the one before", () => {
    const drive = running();
    const before = drive.state;
    drive.now = 5 * HOUR_MS;
    expect(drive.command({ kind: "resume" }).map((effect) => effect.kind)).toEqual(["refused"]);
    expect(drive.state).toBe(before);
  });

  it("puts the kill before everything else that is to be done", () => {
    expect(running().command({ kind: "rollback" })[0]?.kind).toBe("kill");
  });

  it("ends with a deleted flag, and has nothing to kill then", () => {
    const drive = running();
    const effects = drive.send({ kind: "flagDeleted", by: "ben" });
    expect(effects.some((effect) => effect.kind === "kill")).toBe(false);
    expect(drive.status).toBe("rolledBack");
    expect(drive.state.percentage).toBe(0);
  });

  it("with a killed flag takes its percentage back too, so that restoring it exposes nobody", () => {
    const drive = running();
    expect(drive.send({ kind: "flagKilled", by: "ben" }).map((effect) => effect.kind)).toContain("kill");
    expect(drive.status).toBe("rolledBack");
  });

  it("takes a value that is no number for no data, and can be written as JSON", () => {
    const drive = running();
    drive.now += 10_000;
    drive.send({
      kind: "samples",
      sampledAt: drive.now,
      values: {
        error_rate: { kind: "value", value: Number.NaN, ageMs: 0 },
        p95: { kind: "value", value: 0.1, ageMs: Infinity },
      },
    });
    expect(drive.state.missing).toMatchObject({ error_rate: { kind: "noData" }, p95: { kind: "noData" } });
    expect(JSON.parse(JSON.stringify(drive.state))).toEqual(drive.state);
  });

  it("takes an observation that was old when it was sampled for no data", () => {
    const drive = running();
    drive.now += 10_000;
    drive.send({
      kind: "samples",
      sampledAt: drive.now,
      values: {
        error_rate: { kind: "value", value: 0, ageMs: 31_000 },
        p95: { kind: "value", value: 0.1, ageMs: 29_000 },
      },
    });
    expect(Object.keys(drive.state.missing)).toEqual(["error_rate"]);
  });

  it("carries its lease with every percentage, and drops it with the last", () => {
    const drive = running();
    const [first] = drive.effects.filter((effect) => effect.kind === "setPercentage");
    expect(first).toMatchObject({ percentage: 5, leaseMs: plan.leaseMs });
    drive.command({ kind: "cancel" });
    drive.command({ kind: "rollback" });
    expect(drive.send({ kind: "rolledBackCommitted", revision: 1 }).some((effect) => effect.kind === "release")).toBe(
      false,
    );
    drive.now += 10_000;
    drive.sampleUntil(10 * MINUTE_MS, HEALTHY);
    expect(drive.effects.filter((effect) => effect.kind === "release")).toHaveLength(1);
  });
});

describe("a rollout that is scheduled", () => {
  it("starts by itself when its time has come, and by hand before", () => {
    const waiting = new Drive(plan, HOUR_MS);
    expect(nextDeadline(plan, waiting.state)).toBe(HOUR_MS);
    expect(nextSampleAt(plan, waiting.state)).toBeUndefined();
    waiting.now = HOUR_MS;
    waiting.send({ kind: "tick" });
    expect(waiting.status).toBe("preconditions");
    const early = new Drive(plan, HOUR_MS);
    early.now = MINUTE_MS;
    early.command({ kind: "start" });
    expect(early.status).toBe("preconditions");
    expect(nextSampleAt(plan, early.state)).toBe(MINUTE_MS);
  });
});

describe("sampling", () => {
  it("is aligned to the start, goes on once after a gap, and ends with the rollout", () => {
    const drive = running();
    expect(nextSampleAt(plan, drive.state)).toBe(10_000);
    drive.now = 47_000;
    expect(alignedInstant(plan, drive.state, drive.now)).toBe(40_000);
    drive.send({ kind: "samples", sampledAt: 40_000, values: {} });
    expect(nextSampleAt(plan, drive.state)).toBe(50_000);
    drive.send({ kind: "flagDeleted", by: "ben" });
    expect(nextSampleAt(plan, drive.state)).toBeUndefined();
  });
});

describe("an alert", () => {
  const alert = (status: "firing" | "resolved", action: "rollback" | "pause" | "notify") =>
    ({ kind: "alert", fingerprint: "f1", name: "HighErrorRate", status, action, severity: "P0" }) as const;

  it("acts at once, and only once however often it is repeated", () => {
    const drive = running();
    drive.send(alert("firing", "pause"));
    expect(drive.status).toBe("paused");
    drive.command({ kind: "resume" });
    drive.send(alert("firing", "pause"));
    expect(drive.status).toBe("running");
  });

  it("rolls back", () => {
    const drive = running();
    drive.send(alert("firing", "rollback"));
    expect(drive.state.percentage).toBe(0);
  });

  it("keeps the percentage down until it is resolved", () => {
    const drive = running();
    drive.send(alert("firing", "pause"));
    drive.command({ kind: "resume" });
    drive.now = 10_000;
    drive.sampleUntil(2 * HOUR_MS, HEALTHY);
    expect(drive.state.percentage).toBe(5);
    drive.send(alert("resolved", "pause"));
    expect(drive.state.percentage).toBe(10);
  });

  it("before exposure keeps it from beginning", () => {
    const drive = new Drive(plan);
    drive.send({ kind: "tick" });
    drive.send(alert("firing", "rollback"));
    drive.sampleUntil(MINUTE_MS, HEALTHY);
    expect(drive.status).toBe("preconditions");
    drive.send(alert("resolved", "rollback"));
    expect(drive.state.percentage).toBe(5);
  });
});

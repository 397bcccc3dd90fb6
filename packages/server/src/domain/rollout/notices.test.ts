import { describe, expect, it } from "vitest";
import type { Notify } from "./effect.ts";
import { nextDeadline, nextSampleAt } from "./deadline.ts";
import { Drive } from "./testing/drive.ts";
import { planOf } from "./testing/story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HEALTHY = { error_rate: 0, p95: 0.1 };

/** Ticks at every deadline up to `until`, as a runner would without samples. */
function tickUntil(drive: Drive, until: number): void {
  for (
    let at = nextDeadline(drive.plan, drive.state);
    at !== undefined && at <= until;
    at = nextDeadline(drive.plan, drive.state)
  ) {
    drive.now = at;
    drive.send({ kind: "tick" });
  }
  drive.now = until;
}

function notices(drive: Drive, event: string): readonly Notify[] {
  return drive.effects.filter((effect): effect is Notify => effect.kind === "notify" && effect.event === event);
}

describe("moments of a plan", () => {
  it("before and after the start are told once each, also while it is only scheduled", () => {
    const plan = planOf(`
preconditions: [{ check: "Team is ready" }]
stages: [{ name: a, percentage: 5, duration: 1h }]
notify: [{ at: [-2h, +30m], to: [team], message: "Deployment window confirmed" }]
`);
    const drive = new Drive(plan, 3 * HOUR_MS);
    tickUntil(drive, 10 * HOUR_MS);
    const told = notices(drive, "notice");
    expect(told.map((notice) => notice.subject)).toEqual([
      "Deployment window confirmed",
      "Deployment window confirmed",
    ]);
    // Nobody is to read two hours before that it started.
    expect(notices(drive, "started").filter((notice) => notice.rule !== undefined)).toEqual([]);
  });

  it("that lie before the rollout was made are not told late", () => {
    const plan = planOf(
      `preconditions: [{ check: "Team is ready" }]\nstages: [{ name: a, percentage: 5, duration: 1h }]\nnotify: [{ at: [-2h], to: [team], message: soon }]`,
    );
    const drive = new Drive(plan, HOUR_MS);
    tickUntil(drive, 10 * HOUR_MS);
    expect(notices(drive, "notice")).toEqual([]);
  });

  it("after completion are told although the rollout is over, and not after a rollback", () => {
    const plan = planOf(
      `stages: [{ name: a, percentage: 5, duration: 1h }]\nnotify: [{ at: [+24h], from: completed, to: [team], message: all well }]`,
    );
    const completed = new Drive(plan);
    completed.send({ kind: "tick" });
    completed.sampleUntil(HOUR_MS, HEALTHY);
    expect(completed.status).toBe("completed");
    tickUntil(completed, 30 * HOUR_MS);
    expect(notices(completed, "notice")).toHaveLength(1);
    completed.command({ kind: "rollback" });
    completed.send({ kind: "rolledBackCommitted", revision: 1 });
    expect(nextDeadline(plan, completed.state)).toBeUndefined();
  });

  it("that come again and again tell once after an outage", () => {
    const plan = planOf(
      `preconditions: [{ check: "Team is ready" }]\nstages: [{ name: a, percentage: 5, duration: 1h }]\nnotify: [{ every: 24h, to: [team] }]`,
    );
    const drive = new Drive(plan);
    drive.send({ kind: "tick" });
    tickUntil(drive, 50 * HOUR_MS);
    expect(notices(drive, "summary")).toHaveLength(2);
    drive.now = 200 * HOUR_MS;
    drive.send({ kind: "tick" });
    expect(notices(drive, "summary")).toHaveLength(3);
  });
});

describe("a summary", () => {
  it("is for as long as the rollout goes on", () => {
    const plan = planOf(`stages: [{ name: a, percentage: 5, duration: 1h }]\nnotify: [{ every: 24h, to: [team] }]`);
    const drive = new Drive(plan);
    drive.send({ kind: "tick" });
    drive.sampleUntil(HOUR_MS, HEALTHY);
    tickUntil(drive, 100 * HOUR_MS);
    expect(notices(drive, "summary")).toEqual([]);
  });
});

describe("a checklist item with a time limit", () => {
  const plan = planOf(`
stages: [{ name: a, percentage: 5, duration: 1h }]
rollback: { checklist: [{ item: Preserve logs, within: 1h }, { item: Tell the customers, within: 2h }] }
`);

  it("is called late once, when its time is over", () => {
    const drive = new Drive(plan);
    drive.send({ kind: "tick" });
    drive.sampleUntil(0, HEALTHY);
    drive.command({ kind: "rollback" });
    drive.send({ kind: "rolledBackCommitted", revision: 1 });
    drive.now = 30 * MINUTE_MS;
    drive.command({ kind: "tick", item: "tell the customers" });
    tickUntil(drive, 10 * HOUR_MS);
    expect(notices(drive, "overdue").map((notice) => notice.subject)).toEqual(["not ticked in time: Preserve logs"]);
  });
});

describe("a review", () => {
  const plan = planOf(`
triggers: [{ name: errors, when: error_rate >= 1%, action: rollback }]
stages: [{ name: a, percentage: 100, duration: 1h }]
completion: { reviews: [{ name: month, after: 30d, criteria: [error_rate < 0.5%], checklist: [Retrospective] }] }
`);

  it("at the moment of completion is held on the sampling that completed it", () => {
    const once = planOf(
      "stages: [{ name: a, percentage: 100, duration: 1h }]\ncompletion: { reviews: [{ name: now, after: 0s, criteria: [error_rate < 0.5%] }] }",
    );
    const drive = new Drive(once);
    drive.send({ kind: "tick" });
    drive.sampleUntil(HOUR_MS, HEALTHY);
    expect(notices(drive, "review").map((notice) => notice.subject)).toEqual(["review now: everything holds"]);
    expect(nextSampleAt(once, drive.state)).toBeUndefined();
  });

  it("is held on a sampling some time after completion, and says what doesn't hold", () => {
    const drive = new Drive(plan);
    drive.send({ kind: "tick" });
    drive.sampleUntil(HOUR_MS, HEALTHY);
    const due = HOUR_MS + 30 * 24 * HOUR_MS;
    expect(nextSampleAt(plan, drive.state)).toBe(due);
    drive.now = due;
    drive.send({ kind: "samples", sampledAt: due, values: { error_rate: { kind: "value", value: 0.02, ageMs: 0 } } });
    expect(notices(drive, "review").map((notice) => notice.subject)).toEqual([
      "review month: doesn't hold: error_rate < 0.5%",
    ]);
    expect(nextSampleAt(plan, drive.state)).toBeUndefined();
    // The rollout is over: what its triggers would say now is not its business any more.
    expect(drive.status).toBe("completed");
    expect(notices(drive, "trigger")).toEqual([]);
    drive.command({ kind: "tick", item: "Retrospective" });
    expect(drive.state.ticks.map((tick) => tick.item)).toEqual(["retrospective"]);
  });
});

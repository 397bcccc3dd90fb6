import { describe, expect, it } from "vitest";
import { Drive } from "./testing/drive.ts";
import { planOf } from "./testing/story.ts";
import { step } from "./step.ts";

const MINUTE_MS = 60_000;
const HEALTHY = { error_rate: 0, p95: 0.1 };
const spec = (second: string, first = 5) =>
  `stages: [{ name: a, percentage: ${first}, duration: 1h }, { name: b, ${second}, approvals: [{ role: lead, count: 2 }] }]`;
const plan = planOf(spec("percentage: 10, duration: 1h"));

function awaiting(): Drive {
  const drive = new Drive(plan);
  drive.send({ kind: "tick" });
  drive.sampleUntil(60 * MINUTE_MS, HEALTHY);
  drive.approve({ by: "ann", roles: ["lead"] });
  return drive;
}

describe("editing the plan of a rollout", () => {
  it("voids the approvals that were given for the one before", () => {
    const drive = awaiting();
    expect(drive.state.approvals).toHaveLength(1);
    drive.plan = planOf(spec("percentage: 50, duration: 1h"));
    drive.send({ kind: "planEdited", by: "ben" });
    drive.approve({ by: "ben", roles: ["lead"] });
    expect(drive.state.percentage).toBe(5);
    drive.approve({ by: "ann", roles: ["lead"] });
    expect(drive.state.percentage).toBe(50);
    expect(drive.effects.flatMap((effect) => (effect.kind === "record" ? [effect.record.event] : []))).toContain(
      "approvalsVoided",
    );
  });

  it("keeps streaks of conditions that both plans have", () => {
    const watched = (role: string) =>
      planOf(
        `stages: [{ name: a, percentage: 5, duration: 1h, criteria: [{ require: error_rate < 1%, for: 1h }] }, { name: b, percentage: 10, duration: 1h, checklist: ["${role}"] }]`,
      );
    const drive = new Drive(watched("one"));
    drive.send({ kind: "tick" });
    drive.sampleUntil(50 * MINUTE_MS, HEALTHY);
    drive.plan = watched("two");
    drive.send({ kind: "planEdited", by: "ben" });
    drive.now += 10_000;
    drive.sampleUntil(60 * MINUTE_MS, HEALTHY);
    expect(drive.state.percentage).toBe(10);
  });

  it("can make a trigger that only told roll back, also while its condition is true", () => {
    const watched = (action: string) =>
      planOf(
        `triggers: [{ name: errors, when: error_rate >= 5%, action: ${action} }]\nstages: [{ name: a, percentage: 5, duration: 1h }]`,
      );
    const drive = new Drive(watched("notify"));
    drive.send({ kind: "tick" });
    drive.sampleUntil(10_000, HEALTHY);
    drive.now = 20_000;
    drive.sampleUntil(MINUTE_MS, { error_rate: 1 });
    expect(drive.state.percentage).toBe(5);
    drive.plan = watched("rollback");
    drive.send({ kind: "planEdited", by: "ben" });
    drive.now += 10_000;
    drive.sampleUntil(drive.now, { error_rate: 1 });
    expect(drive.state.percentage).toBe(0);
  });

  it("can't change what has happened: the open stage stays at its percentage", () => {
    const drive = awaiting();
    const before = drive.state;
    drive.plan = planOf(spec("percentage: 50, duration: 1h", 7));
    expect(drive.refusal(drive.send({ kind: "planEdited", by: "ben" }))).toMatchObject({ code: "PLAN_EDIT_TOO_LATE" });
    expect(drive.state.planDigest).toBe(before.planDigest);
    expect(drive.state.approvals).toEqual(before.approvals);
  });

  it("comes too late once the rollout is over", () => {
    const drive = awaiting();
    drive.command({ kind: "rollback" });
    drive.plan = planOf(spec("percentage: 50, duration: 1h"));
    expect(drive.refusal(drive.send({ kind: "planEdited", by: "ben" }))?.hint).toBe("start a new rollout");
  });

  it("is the only way to another plan: any other event with one is a mistake of the caller", () => {
    const drive = awaiting();
    const other = planOf(spec("percentage: 50, duration: 1h"));
    expect(() => step(other, drive.state, { kind: "tick", at: drive.now })).toThrow(/hand in the plan it runs/);
  });
});

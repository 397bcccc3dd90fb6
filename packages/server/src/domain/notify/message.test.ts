import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Drive } from "../rollout/testing/drive.ts";
import { planOf } from "../rollout/testing/story.ts";
import { clip, messageOf } from "./message.ts";

const plan = planOf(`
metrics: { error_rate: { prometheus: { query: e }, unit: ratio } }
triggers: [{ name: errors, when: error_rate >= 5%, action: rollback, severity: P0 }]
stages: [{ name: canary, percentage: 5, duration: 1h }]
rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }
`);

/** The rollback that a trigger makes, and where the rollout stands right after. */
function rolledBack() {
  const drive = new Drive(plan);
  drive.send({ kind: "tick" });
  drive.sampleUntil(10_000, { error_rate: 0.001 });
  drive.now += plan.intervalMs;
  drive.sampleUntil(20_000, { error_rate: 0.0612 });
  const notify = drive.effects.find((effect) => effect.kind === "notify" && effect.event === "rollback");
  if (notify?.kind !== "notify") throw new Error("no rollback");
  return { state: drive.state, notify };
}

describe("a message", () => {
  it("says what happened, why, the value against the threshold in the metric's unit, and what happens next", () => {
    const { state, notify } = rolledBack();
    const { title, text, facts } = messageOf(plan, state, notify);
    expect(title).toBe(`[P0] Rolled back: ${plan.flag} in ${plan.environment}`);
    expect(text).toMatch(/^Rolled back from 5 % to 0 %\.\nRolling back.*: waits for /);
    const told = Object.fromEntries(facts.map(({ name, value }) => [name, value]));
    expect(told).toMatchObject({
      Why: "trigger errors",
      Condition: "error_rate >= 5%",
      Value: "6.12%",
      Threshold: "5%",
      Stage: "canary",
      Now: "rollingBack at 0 %",
    });
  });

  it("carries the comparison that a rollback was decided on, whole", () => {
    const { state, notify } = rolledBack();
    const comparison = "failing: 7 users with failures in the 5 % vs 13 in control · evidence 743, needed 400";
    const cause = { kind: "trigger" as const, subject: "regression", comparison, attribution: "flag" as const };
    expect(messageOf(plan, state, { ...notify, cause }).facts).toContainEqual({
      name: "Comparison",
      value: comparison,
    });
  });

  it("begins with the plan's words, and keeps what happened", () => {
    const { state, notify } = rolledBack();
    expect(messageOf(plan, state, notify, "AUTO-ROLLBACK").text).toMatch(
      /^AUTO-ROLLBACK \(rolled back from 5 % to 0 %\)\./,
    );
  });
});

describe("an escalation that somebody acknowledges", () => {
  it("is told, so that pagers stop", () => {
    const drive = new Drive(
      planOf(`
stages: [{ name: canary, percentage: 5, duration: 1h }]
triggers: [{ name: errors, when: error_rate >= 5%, action: rollback }]
escalation: [{ after: 0m, to: pager }]
`),
    );
    drive.send({ kind: "tick" });
    drive.sampleUntil(0, { error_rate: 0.001 });
    drive.now += 10_000;
    drive.sampleUntil(10_000, { error_rate: 0.1 });
    drive.command({ kind: "acknowledge" });
    drive.command({ kind: "acknowledge" });
    expect(drive.notified().filter((event) => event === "acknowledged")).toHaveLength(1);
  });
});

describe("a text that is cut", () => {
  it("is never longer than it may be, nor ends in half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (text, max) => {
        const cut = clip(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut).not.toMatch(/\p{Surrogate}/u);
        if (text.length <= max) expect(cut).toBe(text);
      }),
    );
  });
});

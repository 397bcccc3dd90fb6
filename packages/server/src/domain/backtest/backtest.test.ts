import { describe, expect, it } from "vitest";
import type { BacktestView } from "@rampart/core";
import { inOneGo } from "../pieces.ts";
import { planOf } from "../plan/testing/plan.ts";
import type { Plan } from "../plan/types.ts";
import type { Sample } from "../rollout/sample.ts";
import { changesOf, type History } from "./history.ts";
import { backtesting } from "./report.ts";
import { prepareBacktest, type BacktestRequest } from "./settings.ts";

const FROM = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout }
spec:
  flag: checkout
  environment: production
  interval: 1m
  metrics:
    error_rate: { prometheus: errors, unit: ratio }
    p95: { prometheus: p95, unit: seconds }
    tickets: { signal: tickets }
    health: { http: { url: "https://portal.example/health" } }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 5m, action: rollback, severity: P0 }
    - { name: slow, when: "p95 >= 1s", action: pause }
    - { name: tickets, when: "tickets >= 10", action: pause }
    - { name: security, signal: incident, action: rollback }
  stages:
    - { name: canary, percentage: 5, duration: 2h, timeout: 4h, criteria: [ { require: "error_rate < 1%", for: 1h } ] }
    - name: full
      percentage: 100
      duration: 1h
      timeout: 2h
      criteria: [ "health >= 99%" ]
      approvals: [ { role: lead } ]
      triggers: [ { name: errors, when: "error_rate >= 3%", for: 2m, action: rollback } ]
`;

type Value = number | "none" | "several";

/** A metric sampled each minute of a time: what it says from a minute on. */
function track(minutes: number, says: { readonly [fromMinute: number]: Value }, leadMinutes = 0) {
  const turns = Object.entries(says)
    .map(([from, value]) => [Number(from), value] as const)
    .toSorted(([a], [b]) => a - b);
  const samples = Array.from({ length: leadMinutes + minutes + 1 }, (_, index) => {
    const minute = index - leadMinutes;
    const value = turns.findLast(([from]) => from <= minute)?.[1] ?? "none";
    return { at: FROM + minute * MINUTE, sample: sampleOf(value) };
  });
  return changesOf(samples);
}

function sampleOf(value: Value): Sample {
  if (value === "none") return { kind: "noData", reason: "the query gives no series" };
  if (value === "several") return { kind: "error", reason: "the query gives 2 series" };
  return { kind: "value", value, ageMs: 0 };
}

function report(
  plan: Plan,
  history: History,
  request: Partial<BacktestRequest> & { readonly to: number },
): BacktestView {
  const prepared = prepareBacktest(plan, { from: FROM, ...request });
  if (!prepared.ok) throw new Error(`${prepared.reason}: ${prepared.hint}`);
  return inOneGo(backtesting(prepared.backtest, history));
}

const at = (minute: number): string => new Date(FROM + minute * MINUTE).toISOString();
const CALM = { p95: track(1440, { 0: 0.2 }) };

describe("a backtest", () => {
  it("tells when each trigger would have fired, for how long its condition was true, and how bad it got", () => {
    const error_rate = track(1440, { 0: 0.002, 600: 0.06, 603: 0.09, 612: 0.002, 700: 0.07, 703: 0.002 });
    const { triggers } = report(planOf(PLAN), { ...CALM, error_rate }, { to: FROM + DAY });
    expect(triggers.map(({ name, stages, fired }) => ({ name, stages, fired }))).toEqual([
      { name: "errors", stages: ["canary"], fired: 1 },
      { name: "slow", stages: ["canary", "full"], fired: 0 },
      { name: "errors", stages: ["full"], fired: 2 },
    ]);
    expect(triggers[0]?.firings).toEqual([
      { at: at(605), since: at(600), until: at(611), peak: 0.09, threshold: 0.05 },
    ]);
    expect(triggers[2]?.firings.map((one) => one.at)).toEqual([at(602), at(702)]);
    expect(triggers[0]).toMatchObject({
      samples: 1441,
      trueSamples: 15,
      unknownSamples: 0,
      longest: { since: at(600), ms: 11 * MINUTE },
      extreme: { value: 0.09, threshold: 0.05, at: at(603) },
    });
  });

  it("counts how long a condition was true as `for` does, from the first sample to the last, wherever it says so", () => {
    const error_rate = track(1440, { 0: 0.002, 600: 0.06, 606: 0.002 });
    const { triggers } = report(planOf(PLAN), { ...CALM, error_rate }, { to: FROM + DAY });
    expect(triggers[0]).toMatchObject({
      longest: { since: at(600), ms: 5 * MINUTE },
      firings: [{ since: at(600), until: at(605) }],
    });
    const shorter = track(1440, { 0: 0.002, 600: 0.06, 605: 0.002 });
    expect(report(planOf(PLAN), { ...CALM, error_rate: shorter }, { to: FROM + DAY }).triggers[0]).toMatchObject({
      fired: 0,
      longest: { ms: 4 * MINUTE },
    });
  });

  it("says how close the closest trigger came when none fired: in time, or else in value", () => {
    const short = track(1440, { 0: 0.002, 600: 0.06, 603: 0.002 });
    const { summary } = report(planOf(PLAN), { ...CALM, error_rate: short }, { to: FROM + DAY, stage: "canary" });
    expect(summary).toContain(
      "In 24h no trigger would have stopped a rollout; the closest was errors, true for 2m of 5m at most.",
    );
    const low = track(1440, { 0: 0.002, 600: 0.031, 603: 0.002 });
    expect(report(planOf(PLAN), { ...CALM, error_rate: low }, { to: FROM + DAY, stage: "canary" }).summary).toContain(
      "the closest was errors, at 3.1% of 5%.",
    );
  });

  it("goes on with a firing that has not ended, and takes the first sample for one like the others", () => {
    const { triggers } = report(
      planOf(PLAN),
      { p95: track(60, { 0: 2 }), error_rate: track(60, { 0: 0.001 }) },
      { to: FROM + HOUR },
    );
    expect(triggers[1]?.firings).toEqual([{ at: at(0), since: at(0), peak: 2, threshold: 1 }]);
  });

  it("breaks a streak where data is missing, where a query gives several series, and counts both", () => {
    const error_rate = track(120, { 0: 0.06, 4: "none", 5: 0.06, 9: "several", 10: 0.06, 14: 0.001 });
    const { triggers, metrics } = report(
      planOf(PLAN),
      { p95: track(120, { 0: 0.1 }), error_rate },
      { to: FROM + 2 * HOUR },
    );
    expect(triggers[0]).toMatchObject({ fired: 0, unknownSamples: 2, longest: { ms: 3 * MINUTE } });
    expect(metrics[0]).toMatchObject({
      name: "error_rate",
      samples: 121,
      noData: 1,
      errors: 1,
      firstAt: at(0),
      lastAt: at(120),
    });
  });

  it("says where missing data would have been acted upon, by the plan's policy", () => {
    const plan = planOf(PLAN.replace("interval: 1m", "interval: 1m\n  noData: rollback\n  noDataAfter: 10m"));
    const error_rate = track(120, { 0: 0.001, 30: "none", 60: 0.001 });
    const { gaps, summary } = report(plan, { p95: track(120, { 0: 0.1 }), error_rate }, { to: FROM + 2 * HOUR });
    expect(gaps).toEqual([
      { metric: "error_rate", since: at(30), at: at(40), reason: "the query gives no series", action: "rollback" },
    ]);
    expect(summary).toContain("Missing data (error_rate) would have rolled back once.");
  });

  it("counts what is missing from the first sample on from that one", () => {
    const plan = planOf(PLAN.replace("interval: 1m", "interval: 1m\n  noDataAfter: 5m"));
    const p95 = track(120, { 0: 0.1 });
    const gapsOf = (error_rate: ReturnType<typeof track>, minutes = 120) =>
      report(plan, { p95, error_rate }, { to: FROM + minutes * MINUTE }).gaps.map((gap) => [gap.since, gap.at]);
    expect(gapsOf(track(120, { 0: "none", 20: 0.001 }))).toEqual([[at(0), at(5)]]);
    expect(gapsOf(track(120, { 0: "none", 6: 0.001 }))).toEqual([[at(0), at(5)]]);
    expect(gapsOf(track(120, { 0: "none", 5: 0.001 }))).toEqual([]);
    expect(gapsOf(track(120, { 0: 0.001, 1: "none", 6: 0.001 }))).toEqual([]);
    expect(gapsOf(track(120, { 0: "none" }), 5)).toEqual([[at(0), at(5)]]);
    expect(gapsOf(track(120, { 0: "none" }), 4)).toEqual([]);
  });

  it("takes several series that become none for one gap, and counts neither the gap nor a stage anew", () => {
    const plan = planOf(PLAN.replace("interval: 1m", "interval: 1m\n  noData: pause\n  noDataAfter: 5m"));
    const error_rate = track(120, { 0: 0.001, 30: "several", 33: "none", 60: 0.001 });
    const { gaps, rollouts } = report(
      plan,
      { p95: track(120, { 0: 0.1 }), error_rate },
      { to: FROM + 2 * HOUR, starts: { kind: "at", at: FROM } },
    );
    expect(gaps).toMatchObject([{ since: at(30), at: at(35) }]);
    expect(rollouts).toMatchObject([{ outcome: "paused", at: at(35), cause: { since: at(30) } }]);
  });

  it("begins no rollout while a query gives several series, and begins it when there are none, as in production", () => {
    const plan = planOf(PLAN.replace("interval: 1m", "interval: 1m\n  noData: pause\n  noDataAfter: 5m"));
    const error_rate = track(120, { 0: "several", 30: "none" });
    const { rollouts } = report(
      plan,
      { p95: track(120, { 0: 0.1 }), error_rate },
      { to: FROM + 2 * HOUR, starts: { kind: "at", at: FROM } },
    );
    expect(rollouts).toMatchObject([{ outcome: "paused", at: at(35), cause: { kind: "noData", since: at(30) } }]);
  });

  it("says of a metric with several series all the time that this is why nothing was tried on it", () => {
    const history = { p95: track(60, { 0: 0.1 }), error_rate: track(60, { 0: "several" }) };
    const { summary } = report(planOf(PLAN), history, { to: FROM + HOUR });
    expect(summary).toMatch(/^There is no value of error_rate in that time, as the query gave several series:/);
    expect(summary).not.toContain("nothing of");
  });

  it("says of a rollback neither that it helped nor that it did not, and leaves what would verify it out", () => {
    const plan = planOf(PLAN.replace("  stages:", "  rollback: { verify: { within: 5m } }\n  stages:"));
    const error_rate = track(240, { 0: 0.001, 30: 0.06, 40: 0.001 });
    const { rollouts, leftOut } = report(
      plan,
      { p95: track(240, { 0: 0.1 }), error_rate },
      { to: FROM + 4 * HOUR, starts: { kind: "at", at: FROM } },
    );
    expect(rollouts).toMatchObject([{ outcome: "rolledBack", at: at(35) }]);
    expect(rollouts[0]?.sentence).toMatch(/; nothing was there to see recovery by\.$/);
    expect(leftOut.map(({ what }) => what)).toContain("rollback.verify");
  });

  it("says of a metric without any history that nothing was tried on it", () => {
    const { summary, metrics } = report(planOf(PLAN), { p95: track(60, { 0: 0.1 }) }, { to: FROM + HOUR });
    expect(summary).toMatch(/^There is nothing of error_rate in that time: what uses it was not tried\./);
    expect(metrics[0]).toEqual({ name: "error_rate", unit: "ratio", samples: 61, noData: 61, errors: 0 });
  });

  it("tells for how long each criterion would have held", () => {
    const error_rate = track(240, { 0: 0.001, 100: 0.02, 110: 0.001 });
    const { criteria } = report(planOf(PLAN), { p95: track(240, { 0: 0.1 }), error_rate }, { to: FROM + 4 * HOUR });
    expect(criteria).toMatchObject([
      {
        condition: "error_rate < 1%",
        forMs: HOUR,
        stages: ["canary", "full"],
        trueSamples: 231,
        extreme: { value: 0.02, threshold: 0.01, at: at(100) },
        heldSamples: 40 + 71,
      },
    ]);
  });

  it("starts rollouts all over the time, with approvals given, and tells what would have become of them", () => {
    const error_rate = track(1440, { 0: 0.002, 600: 0.06, 610: 0.002 });
    const { rollouts, summary, notes } = report(planOf(PLAN), { ...CALM, error_rate }, { to: FROM + DAY });
    expect(rollouts.map(({ startAt, outcome, at, stage }) => ({ startAt, outcome, at, stage }))).toEqual([
      { startAt: at(0), outcome: "completed", at: at(180), stage: "full" },
      { startAt: at(360), outcome: "completed", at: at(540), stage: "full" },
      { startAt: at(720), outcome: "completed", at: at(900), stage: "full" },
      { startAt: at(1080), outcome: "completed", at: at(1260), stage: "full" },
    ]);
    expect(summary).toContain("Of 4 rollouts of the plan in that time 4 would have been completed.");
    expect(notes).toContain("taken for granted: every approval, at once");
    const once = report(
      planOf(PLAN),
      { ...CALM, error_rate },
      { to: FROM + DAY, starts: { kind: "at", at: FROM + 9 * HOUR } },
    );
    expect(once.rollouts).toMatchObject([
      {
        startAt: at(540),
        outcome: "rolledBack",
        at: at(605),
        stage: "canary",
        cause: { kind: "trigger", subject: "errors", value: 0.06, since: at(600) },
      },
    ]);
    expect(once.summary).toContain("1 taken back (trigger errors)");
  });

  it("says of rollouts that the history is too short for that they were not over", () => {
    const error_rate = track(60, { 0: 0.001 });
    const { rollouts, summary } = report(planOf(PLAN), { p95: track(60, { 0: 0.1 }), error_rate }, { to: FROM + HOUR });
    expect(rollouts).toMatchObject([{ outcome: "running", stage: "canary" }]);
    expect(summary).toContain("1 would not have been over yet");
  });

  it("leaves out what no history tells of, line by line", () => {
    const { leftOut } = report(planOf(PLAN), {}, { to: FROM + HOUR });
    expect(leftOut).toEqual([
      { what: "trigger tickets (tickets >= 10)", why: "what was pushed as a signal is in no history" },
      { what: "trigger security (signal incident)", why: "what was pushed as a signal is in no history" },
      { what: "criterion health >= 99%", why: "an address answers for the present only" },
    ]);
  });

  it("compares with what was before the time, and of a rollout with what was before its start", () => {
    const plan = planOf(
      PLAN.replace('"p95 >= 1s"', '"p95 >= baseline + 100%"').replace(
        "interval: 1m",
        "interval: 1m\n  baselineWindow: 30m",
      ),
    );
    const p95 = track(1440, { [-30]: 0.09, [-15]: 0.11, 0: 0.1, 300: 0.25 }, 30);
    const { triggers, rollouts, notes } = report(
      plan,
      { p95, error_rate: track(1440, { 0: 0.001 }) },
      { to: FROM + DAY },
    );
    expect(triggers[1]?.firings).toMatchObject([{ at: at(300), peak: 0.25 }]);
    expect(rollouts.map(({ outcome }) => outcome)).toEqual(["completed", "completed", "completed", "completed"]);
    expect(notes.join()).toContain("compared with the 30m before 2026-01-05T00:00:00.000Z");
  });

  it("samples more rarely only where that is asked for, and says what that means", () => {
    const history = { p95: track(240, { 0: 0.1 }), error_rate: track(240, { 0: 0.001, 11: 0.06, 14: 0.001 }) };
    const fine = report(planOf(PLAN), history, { to: FROM + 4 * HOUR });
    const coarse = report(planOf(PLAN), history, { to: FROM + 4 * HOUR, stepMs: 5 * MINUTE });
    expect(fine.triggers[2]?.fired).toBe(1);
    expect(coarse.triggers[2]?.fired).toBe(0);
    expect(coarse.summary).toMatch(
      /^Sampled every 5m where the plan says 1m: a `for` is judged that much more coarsely/,
    );
    expect(fine.summary).not.toContain("Sampled every");
  });
});

describe("a backtest that can't be done", () => {
  const refusal = (request: BacktestRequest) => {
    const prepared = prepareBacktest(planOf(PLAN), request);
    return prepared.ok ? "" : `${prepared.reason}; ${prepared.hint}`;
  };

  it("says what to ask for in its place", () => {
    const to = FROM + DAY;
    expect(refusal({ from: FROM, to, stage: "canari" })).toBe('the plan has no stage "canari"; it has canary');
    expect(refusal({ from: FROM, to, stepMs: 1000 })).toContain("shorter than the plan's interval");
    expect(refusal({ from: to, to: FROM })).toBe(
      "the time would begin at 2026-01-06T00:00:00.000Z, after its end at 2026-01-05T00:00:00.000Z; let it begin before it ends, and end no later than now",
    );
    expect(refusal({ from: FROM, to: FROM })).toContain("no sampling between the two instants");
    expect(refusal({ from: FROM, to, starts: { kind: "every", everyMs: MINUTE } })).toBe(
      "that is 1440 rollouts, and 120 is the most that are played; start one every 1h",
    );
    expect(refusal({ from: FROM, to, starts: { kind: "at", at: to } })).toContain("outside the time");
  });

  it("is one with more samples than fit, and what it proposes fits", () => {
    const to = FROM + 800 * DAY;
    const told = refusal({ from: FROM, to });
    expect(told).toBe(
      "that is 2,304,002 samples, and 2,000,000 is the most that are held; look at 694d10h or less, or sample every 1m10s, with which a `for` is judged that much more coarsely",
    );
    expect(refusal({ from: to - (694 * 24 + 10) * HOUR, to })).toBe("");
    expect(refusal({ from: FROM, to, stepMs: 70_000 })).toBe("");
  });
});

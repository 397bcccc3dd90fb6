/** What rollouts do with comparisons of the users with and without the flag. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testKey } from "../plan/compared.ts";
import type { Plan } from "../plan/types.ts";
import type { Comparison, Standing } from "./comparison.ts";
import type { Evidence } from "./effect.ts";
import type { RolloutEvent } from "./event.ts";
import { waitingFor } from "./explain.ts";
import { sentence } from "./sentence.ts";
import { statusOf, type RolloutState } from "./state.ts";
import { schedule, step } from "./step.ts";
import { ANN, Drive } from "./testing/drive.ts";
import { planOf } from "./testing/story.ts";

const METRICS = `metrics:
  error_rate: { prometheus: { query: errors }, unit: ratio }
  upload_errors: { sdk: { measure: error_rate, cohort: on } }
`;
const STAGES = "stages: [{ name: a, percentage: 5, duration: 1m }, { name: b, percentage: 50, duration: 1m }]\n";
const REGRESSION = "triggers: [{ name: regression, compare: upload_errors, action: rollback, severity: P0 }]\n";

const planWith = (spec: string): Plan => planOf(`interval: 10s\n${METRICS}${spec}`);
const keyOf = (plan: Plan): string => {
  const trigger = plan.stages[0]?.triggers.find(({ test }) => test.kind === "compare");
  return trigger?.test.kind === "compare" ? testKey(trigger.test.compare) : "none";
};

interface Seen {
  readonly evidence?: number;
  readonly standing?: Standing;
  readonly upper?: number;
  readonly isProven?: boolean;
  /** Share of control's requests that failed in the last half minute. */
  readonly control?: number;
}

/** A look at upload_errors that needs evidence of 400 to ring. */
function comparison(plan: Plan, at: number, seen: Seen = {}): Comparison {
  const { evidence = 1, standing = { kind: "compared" }, upper, isProven = false, control = 0.005 } = seen;
  const proofs = plan.stages.flatMap(({ criteria }) => criteria.filter(({ test }) => test.kind === "compare"));
  return {
    standing,
    epoch: 1,
    tests: { [keyOf(plan)]: { evidence, needed: 400, isAlarm: evidence >= 400, layer: "fast" } },
    proofs: Object.fromEntries(
      proofs.map(({ id }) => [id, { isProven, reason: "not ruled out yet", ...(upper !== undefined && { upper }) }]),
    ),
    point: {
      at,
      of: "failures",
      unit: "ratio",
      ratio: 10,
      low: 1.5,
      high: 49,
      on: { users: 120, failing: 7, failingLately: 7, failures: 7, rate: 0.05 },
      off: { users: 2400, failing: 13, failingLately: 13, failures: 15, rate: control },
    },
  };
}

/** A rollout whose first stage is open at 5 %, sampled once, with `look` to compare. */
function exposed(plan: Plan) {
  const drive = new Drive(plan);
  drive.send({ kind: "tick" });
  drive.sampleUntil(0, { error_rate: 0.002 });
  expect(drive.state.percentage).toBe(5);
  const look = (seen: Seen = {}, stage = drive.state.stage ?? 0) =>
    drive.send({
      kind: "compared",
      stage,
      windowMs: 1000,
      comparisons: { upload_errors: comparison(drive.plan, drive.now, seen) },
    });
  /** Looks and samples every ten seconds up to and including `until`. */
  const pass = (until: number, seen: Seen = {}, errors = 0.002) => {
    while (drive.now < until) {
      drive.now += 10_000;
      look(seen);
      drive.send({
        kind: "samples",
        sampledAt: drive.now,
        values: { error_rate: { kind: "value", value: errors, ageMs: 0 } },
      });
    }
  };
  return { drive, look, pass };
}

describe("a compare trigger", () => {
  it("rolls back at the first evidence that is enough, at once, and says why in one line", () => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES));
    drive.now = 14_000;
    expect(look({ evidence: 399 })).toEqual([]);
    const effects = look({ evidence: 743 });
    expect(effects.map(({ kind }) => kind)).toContain("kill");
    expect(drive.state.percentage).toBe(0);
    const line =
      "upload_errors: 7 users with failures in the 5 % vs 13 in control · odds ×10 (99 %: ×1.5–×49) · evidence 743, needed 400 · control at 0.5% · 7 failed requests";
    const rollback = effects.find((effect) => effect.kind === "notify" && effect.event === "rollback");
    expect(rollback).toMatchObject({
      severity: "P0",
      subject: `rolled back from 5 % to 0 % at 14s · ${line}`,
      cause: { kind: "trigger", subject: "regression", comparison: line, attribution: "flag" },
    });
    expect(sentence(drive.plan, drive.state)).toBe(
      "Rolling back a (0 %): waits for the confirmation that the flag is off.",
    );
    drive.send({ kind: "rolledBackCommitted", revision: 2 });
    expect(sentence(drive.plan, drive.state)).toContain(`Rolled back by trigger regression (${line})`);
  });

  it("keeps the numbers and the chart in the evidence", () => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES));
    for (const at of [1000, 2000, 3000]) {
      drive.now = at;
      look({ evidence: at === 3000 ? 500 : 2 });
    }
    const evidence = drive.effects.flatMap((effect) => (effect.kind === "evidence" ? [effect.evidence] : []));
    const rollback: Evidence | undefined = evidence.find(({ what }) => what === "rollback");
    expect(rollback?.comparisons).toMatchObject([
      { metric: "upload_errors", standing: { kind: "compared" }, series: [{ at: 1000 }, { at: 2000 }, { at: 3000 }] },
    ]);
    expect(rollback?.comparisons?.[0]?.line).toContain("evidence 500, needed 400");
  });

  it("rolls back while paused too", () => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES));
    drive.command({ kind: "pause" });
    drive.now = 5000;
    look({ evidence: 1e6 });
    expect(drive.status).toBe("rollingBack");
  });

  it("that pauses fires once for an alarm, and nothing rises until it is over, not even by a person", () => {
    const plan = planWith(`${REGRESSION.replace("rollback", "pause")}${STAGES}`);
    const { drive, look, pass } = exposed(plan);
    drive.now = 1000;
    look({ evidence: 500 });
    expect(drive.status).toBe("paused");
    drive.command({ kind: "resume" });
    pass(120_000, { evidence: 600 });
    expect(drive.status).toBe("running");
    expect(drive.state.percentage).toBe(5);
    expect(drive.notified().filter((event) => event === "trigger")).toHaveLength(1);
    expect(drive.refusal(drive.command({ kind: "promote" }))).toMatchObject({
      code: "TRIGGER_TRUE",
      detail: expect.stringContaining("upload_errors worse than without the flag"),
    });
    pass(130_000, { evidence: 3 });
    expect(drive.state.percentage).toBe(50);
    drive.now += 1000;
    look({ evidence: 500 });
    expect(drive.status).toBe("paused");
  });

  it("hears nothing of a look at another percentage", () => {
    const { drive, look, pass } = exposed(planWith(REGRESSION + STAGES));
    pass(60_000);
    expect(drive.state.percentage).toBe(50);
    look({ evidence: 1e9 }, 0);
    expect(drive.state.percentage).toBe(50);
    expect(drive.state.comparisons).toEqual({});
    expect(drive.state.comparedEpochs).toEqual({ upload_errors: 1 });
  });

  it.each([
    ["the cohort is not what the percentage says", { kind: "mismatch", evidence: 5000 }],
    ["nobody is without the flag", { kind: "noControl" }],
    ["SDKs are silent", { kind: "stale", since: 0 }],
    ["hardly anybody was seen", { kind: "tooFew" }],
  ] as const)("does not ring while %s", (_, standing) => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES));
    look({ evidence: 1e9, standing });
    expect(drive.state.percentage).toBe(5);
  });
});

describe("the percentage never rises by itself", () => {
  it.each([
    [
      "the cohort is not what the percentage says",
      { kind: "mismatch", evidence: 5000 },
      /not what the percentage says/,
    ],
    ["nobody is without the flag", { kind: "noControl" }, /nobody to compare with/],
    ["SDKs are silent", { kind: "stale", since: 0 }, /report nothing/],
    ["hardly anybody was seen", { kind: "tooFew" }, /too few users/],
  ] as const)("while %s, and goes on after that", (_, standing, reason) => {
    const { drive, pass } = exposed(planWith(REGRESSION + STAGES));
    pass(120_000, { standing });
    expect(drive.state.percentage).toBe(5);
    expect(waitingFor(drive.plan, drive.state)).toMatchObject([
      { kind: "comparison", metric: "upload_errors", reason: expect.stringMatching(reason) },
    ]);
    pass(130_000);
    expect(drive.state.percentage).toBe(50);
  });

  it("but a comparison that only tells people of something holds nothing up", () => {
    const { drive, pass } = exposed(planWith(REGRESSION.replace("rollback", "notify") + STAGES));
    pass(60_000, { standing: { kind: "tooFew" } });
    expect(drive.state.percentage).toBe(50);
  });

  it("while nobody compares: neither before the first look nor when the last one is old", () => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES));
    drive.sampleUntil(120_000, { error_rate: 0.002 });
    expect(drive.state.percentage).toBe(5);
    expect(sentence(drive.plan, drive.state)).toContain("not compared yet at this percentage");
    drive.now = 120_500;
    look();
    expect(drive.state.percentage).toBe(50);
    drive.sampleUntil(240_000, { error_rate: 0.002 });
    expect(drive.state.percentage).toBe(50);
  });

  it("except by a person, who may judge by other things than a comparison that is not to be had", () => {
    const { drive } = exposed(planWith(REGRESSION + STAGES));
    drive.now = 5000;
    drive.command({ kind: "promote" });
    expect(drive.state.percentage).toBe(50);
  });

  it("but where everybody has the flag, comparisons hold nothing up", () => {
    const stages = "stages: [{ name: all, percentage: 100, duration: 1m }]\n";
    const drive = new Drive(planWith(REGRESSION + stages));
    drive.send({ kind: "tick" });
    drive.sampleUntil(60_000, { error_rate: 0.002 });
    expect(drive.status).toBe("completed");
  });
});

describe("a compare criterion", () => {
  const SPEC =
    "stages: [{ name: a, percentage: 5, duration: 1m, criteria: [{ compare: upload_errors within 100% }] }, { name: b, percentage: 50, duration: 1m }]\n";

  it("lets a stage end only when harm beyond the margin is ruled out", () => {
    const { drive, pass } = exposed(planWith(SPEC));
    pass(300_000, { upper: 2.4 });
    expect(drive.state.percentage).toBe(5);
    expect(sentence(drive.plan, drive.state)).toContain(
      "upload_errors within ×2 of users without the flag (not ruled out yet)",
    );
    pass(310_000, { upper: 1.7, isProven: true });
    expect(drive.state.percentage).toBe(50);
  });

  it("is inconclusive while the cohorts can't be compared, whatever was proven", () => {
    const { drive, pass } = exposed(planWith(SPEC));
    pass(120_000, { upper: 1.1, isProven: true, standing: { kind: "mismatch", evidence: 2000 } });
    expect(drive.state.percentage).toBe(5);
  });
});

describe("a hard stop while users without the flag fare as badly", () => {
  const HARD =
    "triggers: [{ name: errors, when: error_rate >= 5%, for: 20s, action: rollback }, { name: regression, compare: upload_errors, action: rollback }]\n";

  it("rolls back all the same, and says that the flag is not implicated", () => {
    const { drive, pass } = exposed(planWith(HARD + STAGES));
    pass(30_000);
    pass(60_000, { control: 0.2 }, 0.2);
    expect(drive.status).toBe("rollingBack");
    const told = drive.effects.flatMap((effect) => (effect.kind === "notify" ? [effect] : []));
    expect(told.find(({ event }) => event === "rollback")).toMatchObject({
      subject:
        "rolled back from 5 % to 0 %; users without the flag fare as badly: shared incident, flag not implicated",
      cause: { subject: "errors", attribution: "shared" },
    });
  });

  it("is not called shared when control is as it always was", () => {
    const { drive, pass } = exposed(planWith(HARD + STAGES));
    pass(30_000, { control: 0.06 });
    pass(60_000, { control: 0.06 }, 0.2);
    expect(drive.state.phase).toMatchObject({ kind: "rollingBack", cause: { subject: "errors" } });
    expect(drive.state.phase).not.toMatchObject({ cause: { attribution: "shared" } });
  });

  it("is only held where the plan says so, and rolled back after all when it turns out to be the flag", () => {
    const { drive, look, pass } = exposed(planWith(`onSharedIncident: hold\n${HARD}${STAGES}`));
    pass(30_000);
    pass(90_000, { control: 0.2 }, 0.2);
    expect(drive.status).toBe("paused");
    expect(drive.state.percentage).toBe(5);
    look({ evidence: 1000, control: 0.2 });
    expect(drive.status).toBe("rollingBack");
  });

  it("is rolled back after all when control recovers and the hard stop does not", () => {
    const { drive, pass } = exposed(planWith(`onSharedIncident: hold\n${HARD}${STAGES}`));
    pass(30_000);
    pass(60_000, { control: 0.2 }, 0.2);
    expect(drive.status).toBe("paused");
    pass(70_000, { control: 0.004 }, 0.2);
    expect(drive.status).toBe("rollingBack");
  });
});

describe("the series of a comparison", () => {
  it("stays bounded, keeps its first point, and its points come evenly further apart", () => {
    const { drive, look } = exposed(planWith(REGRESSION + STAGES.replaceAll("1m", "24h")));
    for (let at = 0; at < 3_600_000; at += 1000) {
      drive.now = at;
      look();
    }
    const series = drive.state.comparisons?.["upload_errors"]?.series ?? [];
    expect(series.length).toBeGreaterThan(30);
    expect(series.length).toBeLessThanOrEqual(64);
    expect(series[0]?.at).toBe(0);
    const gaps = series.slice(1).map(({ at }, index) => at - (series[index]?.at ?? 0));
    expect(Math.max(...gaps) / Math.min(...gaps)).toBeLessThanOrEqual(2);
  });
});

describe("whatever comparisons say and whenever they do", () => {
  const STANDINGS: readonly Standing[] = [
    { kind: "compared" },
    { kind: "compared" },
    { kind: "compared" },
    { kind: "mismatch", evidence: 5000 },
    { kind: "noControl" },
    { kind: "stale", since: 0 },
    { kind: "tooFew" },
  ];
  const plans = [
    planWith(
      `triggers: [{ name: regression, compare: upload_errors, action: rollback }]\nstages: [{ name: a, percentage: 5, duration: 20s }, { name: b, percentage: 50, duration: 20s }, { name: c, percentage: 100, duration: 20s }]\n`,
    ),
    planWith(
      `onSharedIncident: hold\nholdback: 1%\ntriggers: [{ name: regression, compare: upload_errors, action: pause }, { name: errors, when: error_rate >= 5%, for: 10s, action: rollback }]\nstages: [{ name: a, percentage: 5, duration: 20s, criteria: [{ compare: upload_errors within 50% }] }, { name: b, percentage: 100, duration: 20s }]\n`,
    ),
  ];
  const happening = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("compared" as const),
        standing: fc.constantFrom(...STANDINGS),
        evidence: fc.constantFrom(1, 1, 1, 1, 1, 1, 500),
        control: fc.constantFrom(0.005, 0.2),
        isProven: fc.boolean(),
        late: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("samples" as const), value: fc.constantFrom(0.001, 0.001, 0.001, 0.2) }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { kind: "resume" as const },
        { kind: "promote" as const },
        { kind: "rollback" as const },
      ),
    },
  );

  function eventOf(plan: Plan, state: RolloutState, one: FcOf<typeof happening>, at: number): RolloutEvent {
    switch (one.kind) {
      case "samples":
        return {
          kind: "samples",
          at,
          sampledAt: at,
          values: { error_rate: { kind: "value", value: one.value, ageMs: 0 } },
        };
      case "compared": {
        const comparisons = { upload_errors: comparison(plan, at, { ...one, upper: 1.2 }) };
        return { kind: "compared", at, windowMs: 1000, stage: (state.stage ?? 0) - (one.late ? 1 : 0), comparisons };
      }
      case "resume":
      case "promote":
      case "rollback":
        return { kind: "command", at, person: ANN, command: { kind: one.kind } };
    }
  }

  it("nothing rises on harm or on a comparison that is not to be had, nothing after a rollback, and replaying the log gives the state", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...plans),
        fc.array(happening, { minLength: 5, maxLength: 60 }),
        (plan, happenings) => {
          const first = schedule(plan, { at: 0, startAt: 0, by: "ann" }).state;
          const log: RolloutEvent[] = [];
          let state = first;
          let rolledBack = false;
          for (const [index, one] of happenings.entries()) {
            const before = state;
            const event = eventOf(plan, before, one, (index + 1) * 5000);
            const next = step(plan, before, event);
            if (next.effects.some(({ kind }) => kind === "refused")) continue;
            log.push(event);
            // Written down and read back, as in a store.
            state = JSON.parse(JSON.stringify(next.state)) as RolloutState;
            if (next.effects.some(({ kind }) => kind === "kill")) rolledBack = true;
            if (rolledBack) expect(state.percentage).toBe(0);
            if (state.percentage <= before.percentage || before.percentage === 0) continue;
            const own = event.kind === "compared" && event.stage === before.stage ? event.comparisons : undefined;
            const kept = before.comparisons?.["upload_errors"];
            // What was said longer ago than half a minute says nothing of now.
            const isFresh = kept !== undefined && event.at - kept.at <= 30_000;
            const seen = own?.["upload_errors"] ?? (isFresh ? kept : undefined);
            expect(
              Object.values(seen?.tests ?? {}).some(({ isAlarm }) => isAlarm) && seen?.standing.kind === "compared",
            ).toBe(false);
            if (event.kind !== "command") expect(seen?.standing.kind).toBe("compared");
          }
          const replayed = log.reduce((at, event) => step(plan, at, event).state, first);
          expect(JSON.parse(JSON.stringify(replayed))).toEqual(state);
          if (rolledBack) expect(["rollingBack", "verifying", "rolledBack"]).toContain(statusOf(state));
        },
      ),
      { numRuns: 3000 },
    );
  });

  type FcOf<T> = T extends fc.Arbitrary<infer V> ? V : never;
});

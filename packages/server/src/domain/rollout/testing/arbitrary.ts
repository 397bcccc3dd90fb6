/** Random plans and scenarios for property tests: small enough to run by the thousand, wild enough to meet every rule. */
import fc from "fast-check";
import type { Scenario, ScenarioAct, ScenarioEvent, MetricChange } from "../../simulate/scenario.ts";
import type {
  Approval,
  ChecklistItem,
  Comparison,
  Condition,
  Criterion,
  Metric,
  Plan,
  Precondition,
  Stage,
  Threshold,
  Trigger,
  TriggerAction,
  Window,
} from "../../plan/types.ts";
import type { Sample } from "../sample.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** `2026-01-05T00:00:00Z`; windows below open in the minutes after it. */
export const START_AT = Date.UTC(2026, 0, 5);

export const POLLED = ["errors", "latency", "constructor"] as const;
export const SIGNALLED = ["tickets"] as const;
const ROLES = ["lead", "cto"] as const;
const PEOPLE = ["ann", "ben", "cem"] as const;

const metrics: { readonly [name: string]: Metric } = {
  ...Object.fromEntries(
    POLLED.map((name): [string, Metric] => [
      name,
      { name, unit: "none", source: { kind: "prometheus", query: name, headers: {} } },
    ]),
  ),
  tickets: { name: "tickets", unit: "count", source: { kind: "signal", signal: "support_tickets" }, maxAgeMs: 70_000 },
};

/** Something, one time in `times`. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const forMs = fc.constantFrom(0, 0, 10_000, 20_000, 25_000, 60_000);

const condition: fc.Arbitrary<Condition> = fc
  .record({
    metric: fc.constantFrom(...POLLED, ...SIGNALLED),
    operator: fc.constantFrom<Comparison>("<", "<=", ">", ">=", "==", "!="),
    threshold: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(1, 2, 3).map((value): Threshold => ({ kind: "absolute", value })) },
      { weight: 1, arbitrary: fc.constantFrom(0, 0.5, 1).map((by): Threshold => ({ kind: "relative", by })) },
    ),
  })
  .map(({ metric, operator, threshold }) => ({
    metric,
    operator,
    threshold,
    text: `${metric} ${operator} ${JSON.stringify(threshold)}`,
  }));

/** Leans to what healthy metrics pass, or nothing would ever advance. */
const passing: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...POLLED).map((metric): Condition => ({
      metric,
      operator: "<",
      threshold: { kind: "absolute", value: 2 },
      text: `${metric} < 2`,
    })),
  },
  { weight: 1, arbitrary: condition },
);

const criterion: fc.Arbitrary<Criterion> = fc
  .record({ condition: passing, forMs })
  .map(({ condition, forMs }) => ({ id: `${condition.text} ${forMs}`, test: { kind: "condition", condition }, forMs }));

const breaching: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...POLLED, ...SIGNALLED).map((metric): Condition => ({
      metric,
      operator: ">=",
      threshold: { kind: "absolute", value: 3 },
      text: `${metric} >= 3`,
    })),
  },
  { weight: 1, arbitrary: condition },
);

const trigger = (name: string): fc.Arbitrary<Trigger> =>
  fc.record({
    name: fc.constant(name),
    test: fc.oneof(
      { weight: 6, arbitrary: breaching.map((condition): Trigger["test"] => ({ kind: "condition", condition })) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom("incident", "support_tickets")
          .map((signal): Trigger["test"] => ({ kind: "signal", signal })),
      },
    ),
    forMs,
    action: fc.constantFrom<TriggerAction>("rollback", "pause", "notify"),
    severity: fc.constantFrom("P0", "P1", "P2"),
  });

const window: fc.Arbitrary<Window> = fc
  .record({
    fromMinute: fc.constantFrom(0, 1, 3, 1439),
    length: fc.constantFrom(2, 5, 1438),
    days: fc.constantFrom<readonly number[]>([], [], [1], [7]),
  })
  .map(({ fromMinute, length, days }) => ({
    fromMinute,
    toMinute: (fromMinute + length) % 1440,
    timezone: "UTC",
    days,
  }));

const item = (id: string): fc.Arbitrary<ChecklistItem> =>
  fc.record({
    id: fc.constant(id),
    text: fc.constant(`Item ${id}`),
    roles: fc.constantFrom<readonly string[]>([], ["lead"]),
  });

const stage = (index: number, percentage: number): fc.Arbitrary<Stage> =>
  fc
    .record({
      durationMs: fc.constantFrom(0, 10_000, 15_000, 60_000, 90_000),
      timeoutMs: sometimes(fc.constantFrom(95_000, 150_000), 3),
      onTimeout: fc.constantFrom("pause" as const, "rollback" as const),
      criteria: fc.array(criterion, { maxLength: 2 }),
      checklist: fc.array(item(`stage-${index}`), { maxLength: 1 }),
      approvals: fc.uniqueArray(
        fc.record<Approval>({ role: fc.constantFrom(...ROLES), count: fc.constantFrom(1, 1, 2) }),
        { maxLength: 2, selector: (one) => one.role },
      ),
      triggers: fc.tuple(...["a", "b", "c"].map((name) => sometimes(trigger(name), 2))),
      window: sometimes(window, 8),
      needsApproval: sometimes(fc.constant(true), 4),
      needsTicks: sometimes(fc.constant(true), 4),
    })
    .map(({ timeoutMs, window, approvals, checklist, triggers, needsApproval, needsTicks, ...rest }) => ({
      name: `stage-${index}`,
      percentage,
      ...rest,
      approvals: needsApproval ? approvals : [],
      checklist: needsTicks ? checklist : [],
      triggers: triggers.filter((one) => one !== undefined),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(window !== undefined && { window }),
    }));

const precondition: fc.Arbitrary<Precondition> = fc.oneof(
  item("check").map((one): Precondition => ({ kind: "check", item: one })),
  criterion.map((one): Precondition => ({ kind: "criterion", criterion: one })),
  fc.constant<Precondition>({ kind: "drill", withinMs: 120_000, underMs: 30_000 }),
);

/** A plan of one to four stages of some seconds to minutes. */
export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .record({
    intervalMs: fc.constantFrom(5_000, 10_000, 30_000),
    stages: fc
      .subarray([0.001, 5, 25, 50, 99.5, 100], { minLength: 2, maxLength: 4 })
      .chain((percentages) => fc.tuple(...percentages.map((percentage, index) => stage(index, percentage)))),
    preconditions: sometimes(fc.array(precondition, { maxLength: 2 }), 3).map((some) => some ?? []),
    noData: fc.constantFrom("hold" as const, "pause" as const, "rollback" as const),
    noDataAfterMs: fc.constantFrom(0, 30_000, 65_000),
    holdbackPercentage: fc.constantFrom(0, 0, 1, 0.1),
    onSharedIncident: fc.constantFrom("rollback" as const, "hold" as const),
    remindEveryMs: fc.constantFrom(45_000, 3_600_000),
    baselines: fc.constantFrom({}, { errors: 1 }),
    verify: sometimes(
      fc.record({ withinMs: fc.constantFrom(0, 30_000, 60_000), criteria: fc.array(criterion, { maxLength: 1 }) }),
      2,
    ),
    escalation: fc.constantFrom(
      [],
      [
        { afterMs: 0, to: ["oncall"], severity: [] },
        { afterMs: 20_000, to: ["everyone"], severity: [] },
      ],
    ),
    everyMs: fc.constantFrom(undefined, 70_000),
  })
  .map(({ baselines, verify, everyMs, ...rest }) => ({
    name: "random",
    title: "Random",
    about: { contacts: [], links: [], risks: [], signoffs: [] },
    labels: {},
    flag: "checkout",
    environment: "production",
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [name, name in baselines ? { ...metric, baseline: 1 } : metric]),
    ),
    rollback: {
      checklist: [{ id: "rollback", text: "Item rollback", roles: [], withinMs: 40_000 }],
      ...(verify && { verify }),
    },
    completion: {
      checklist: [],
      reviews: [0, 60_000].map((afterMs) => ({ name: `after ${afterMs}`, afterMs, criteria: [], checklist: [] })),
    },
    notify: [
      {
        on: [],
        severity: [],
        to: ["team"],
        stages: [],
        atMs: [-60_000, 30_000],
        from: "start" as const,
        ...(everyMs !== undefined && { everyMs }),
      },
      { on: [], severity: [], to: ["team"], stages: [], atMs: [45_000], from: "completed" as const },
    ],
    baselineWindowMs: MINUTE_MS,
    leaseMs: 25_000,
    digest: "d1",
    ...rest,
  }));

const sample: fc.Arbitrary<Sample> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(0, 1, 1, 1).map((value): Sample => ({ kind: "value", value, ageMs: 0 })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(2, 3, 3, 4, Number.NaN).map((value): Sample => ({ kind: "value", value, ageMs: 0 })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Sample>(
      { kind: "noData", reason: "empty" },
      { kind: "error", reason: "timeout" },
      { kind: "value", value: 1, ageMs: 10 * MINUTE_MS },
    ),
  },
);

const UNTIL_MS = 8 * MINUTE_MS;
const atMs = fc
  .integer({ min: 0, max: UNTIL_MS / 5_000 })
  .chain((fives) => fc.constantFrom(fives * 5_000, fives * 5_000 + 3_000));

const series: fc.Arbitrary<readonly MetricChange[]> = fc
  .uniqueArray(fc.record({ atMs, sample }), { maxLength: 6, selector: (change) => change.atMs })
  .map((changes) => [
    { atMs: 0, sample: { kind: "value" as const, value: 1, ageMs: 0 } },
    ...changes.filter((one) => one.atMs > 0).toSorted((a, b) => a.atMs - b.atMs),
  ]);

const person = fc.record({
  by: fc.constantFrom(...PEOPLE),
  roles: fc.oneof(fc.constant([...ROLES]), fc.subarray([...ROLES])),
});

/** Commands that bring a ramp forward; the ones that stop it come one by one. */
const forward: fc.Arbitrary<ScenarioAct> = fc
  .record({
    person,
    command: fc.oneof(
      fc.constantFrom(...ROLES).map((role) => ({ kind: "approve" as const, role })),
      fc.constant({ kind: "tick" as const, item: "all" }),
      fc.constantFrom({ kind: "resume" as const }, { kind: "promote" as const }),
    ),
  })
  .map((one) => ({ kind: "command", ...one }));

const other: fc.Arbitrary<ScenarioAct> = fc.oneof(
  fc.record({
    kind: fc.constant("command" as const),
    person,
    command: fc.oneof(
      fc.constantFrom(
        { kind: "pause" as const },
        { kind: "rollback" as const },
        { kind: "cancel" as const },
        { kind: "acknowledge" as const },
      ),
      fc.constantFrom(...ROLES).map((role) => ({ kind: "reject" as const, role })),
    ),
  }),
  fc.record({
    kind: fc.constant("signal" as const),
    signal: fc.constantFrom("support_tickets", "incident"),
    value: fc.constantFrom(0, 1, 3, 4),
  }),
  fc.record({ kind: fc.constant("kill" as const), by: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constant("drill" as const), tookMs: fc.constantFrom(5_000, 40_000) }),
);

/** A pause, and the way out of it. */
const rest: fc.Arbitrary<readonly ScenarioEvent[]> = fc
  .record({ atMs, forMs: fc.constantFrom(3_000, 20_000, 60_000) })
  .map(({ atMs, forMs }) => {
    const person = { by: "ann", roles: [] };
    return [
      { atMs, kind: "command", person, command: { kind: "pause" } },
      { atMs: atMs + forMs, kind: "command", person, command: { kind: "resume" } },
    ];
  });

const event = (act: fc.Arbitrary<ScenarioAct>): fc.Arbitrary<ScenarioEvent> =>
  fc.tuple(atMs, act).map(([atMs, act]) => ({ atMs, ...act }));

/** Eight minutes of metrics and people. `outages`: the server can be down in between, and ticks and commands are lost. */
export const arbitraryScenario = ({ outages }: { readonly outages: boolean }): fc.Arbitrary<Scenario> =>
  fc
    .record({
      metrics: fc.record({ errors: series, latency: series, constructor: series }),
      signalled: sometimes(series, 3),
      forward: fc.array(event(forward), { maxLength: 12 }),
      rests: sometimes(fc.array(rest, { maxLength: 3 }), 3).map((some) => (some ?? []).flat()),
      other: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(event(other), { maxLength: 4 }) },
      ),
      crashes: fc.array(
        event(fc.constantFrom(0, 0, 4_000, 45_000, 180_000).map((outageMs) => ({ kind: "crash" as const, outageMs }))),
        { maxLength: outages ? 3 : 0 },
      ),
      baselines: fc.constantFrom({}, { errors: 1, latency: 2 }),
      assume: fc.constantFrom("preconditions" as const, "preconditions" as const, "nothing" as const),
    })
    .map(({ metrics, signalled, forward, rests, other, crashes, ...rest }) => ({
      startAt: START_AT,
      metrics: signalled ? { ...metrics, tickets: signalled } : metrics,
      events: [...forward, ...rests, ...other, ...crashes].toSorted((a, b) => a.atMs - b.atMs),
      untilMs: UNTIL_MS,
      ...rest,
    }));

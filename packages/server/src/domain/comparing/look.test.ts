import { describe, expect, it } from "vitest";
import { Traffic } from "../compare/traffic.ts";
import { parsePlan } from "../plan/parse.ts";
import type { Plan } from "../plan/types.ts";
import type { Comparison } from "../rollout/comparison.ts";
import { CountedTraffic } from "../simulate/counted-traffic.ts";
import { look, type Comparing } from "./look.ts";
import { measuredMetrics } from "./tests-of.ts";
import type { ComparedWindow } from "./window.ts";

const SPEC = `
  flag: checkout
  environment: production
  metrics:
    errors: { sdk: { measure: error_rate } }
    slow: { sdk: { measure: p95 } }
  triggers:
    - { name: regression, compare: errors, action: rollback }
    - { name: slower, compare: slow, action: rollback }
  stages:
    - { name: a, percentage: 5, duration: 1h, criteria: [{ compare: errors }, { compare: slow within 50% }] }
    - { name: b, percentage: 50, duration: 1h }
`;

function planOf(spec: string): Plan {
  const parsed = parsePlan(`apiVersion: rampart/v1\nkind: RolloutPlan\nmetadata: { name: c }\nspec:${spec}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}

interface Fares {
  readonly failureRate: number;
  readonly latency?: number;
}

/** A flag at a percentage, its users, and the look of every second. */
class Flag {
  comparing: Comparing | undefined;
  comparisons: { readonly [metric: string]: Comparison } = {};
  now = 0;
  readonly #traffic: Traffic;
  #thousandths: number;
  #counted: CountedTraffic;
  epochs: { readonly [metric: string]: number } = {};
  begun: string[] = [];
  control: ArrayLike<number> | undefined;

  constructor(percentage: number, { users = 10_000, requestsPerSecond = 200, seed = 1 } = {}) {
    this.#thousandths = percentage * 1000;
    this.#traffic = new Traffic({ users, requestsPerSecond, clustering: 2, seed });
    this.#counted = new CountedTraffic(this.#traffic, this.#thousandths);
  }

  set percentage(percentage: number) {
    this.#thousandths = percentage * 1000;
    this.#counted = new CountedTraffic(this.#traffic, this.#thousandths);
  }

  /** Lives through seconds until one of them says so; gives how many it took. */
  live(seconds: number, { on, off }: { readonly on: Fares; readonly off: Fares }, until = () => false): number {
    for (let second = 1; second <= seconds; second += 1) {
      this.second(
        this.#counted.second([
          { latency: 1, ...off },
          { latency: 1, ...on },
        ]),
      );
      if (until()) return second;
    }
    return seconds;
  }

  second(window: ComparedWindow | undefined): void {
    this.now += 1000;
    const [measured] = measuredMetrics(planOf(SPEC));
    if (!measured) throw new Error("the plan compares nothing");
    const next = look({
      measured,
      before: this.comparing,
      epochs: this.epochs,
      thousandths: this.#thousandths,
      window,
      sums: () => this.#counted.sums(),
      control: () => this.control,
      now: this.now,
    });
    for (const of of next.begins) this.#counted.begin(of);
    this.begun.push(...next.begins);
    // As it is after a checkpoint.
    this.comparing = JSON.parse(JSON.stringify(next.comparing)) as Comparing;
    this.comparisons = next.comparisons;
  }

  rings(metric: string): boolean {
    return Object.values(this.comparisons[metric]?.tests ?? {}).some(({ isAlarm }) => isAlarm);
  }
}

const HEALTHY = { failureRate: 0.005 };

describe("a look at both cohorts", () => {
  it("sees within seconds that users with the flag fail, and says how much more often", () => {
    const flag = new Flag(5);
    flag.live(5, { on: HEALTHY, off: HEALTHY });
    expect(flag.comparisons["errors"]?.standing).toEqual({ kind: "compared" });
    expect(flag.rings("errors")).toBe(false);
    const seconds = flag.live(120, { on: { failureRate: 0.2 }, off: HEALTHY }, () => flag.rings("errors"));
    expect(seconds).toBeLessThan(20);
    const point = flag.comparisons["errors"]?.point;
    expect(point).toMatchObject({ of: "failures", low: expect.any(Number) });
    expect(point?.ratio).toBeGreaterThan(1.5);
    expect(point?.low).toBeGreaterThan(1);
    expect(point?.on.failing).toBeGreaterThanOrEqual(5);
    expect(flag.rings("slow")).toBe(false);
  });

  it("sees that it takes them longer, once it knows what control is like", () => {
    const flag = new Flag(25);
    flag.live(5, { on: HEALTHY, off: HEALTHY });
    const slow = { failureRate: 0.005, latency: 2 };
    const seconds = flag.live(120, { on: slow, off: HEALTHY }, () => flag.rings("slow"));
    expect(seconds).toBeLessThan(30);
    expect(flag.rings("errors")).toBe(false);
    const point = flag.comparisons["slow"]?.point;
    expect(point?.ratio).toBeGreaterThan(1.1);
    expect(point?.off.rate).toBeGreaterThan(0.1);
    expect(point?.off.rate).toBeLessThan(1);
  });

  it("need not learn what control is like when that is known from before", () => {
    const slow = { failureRate: 0.005, latency: 3 };
    const seconds = (flag: Flag) => flag.live(60, { on: slow, off: HEALTHY }, () => flag.rings("slow"));
    const before = new Flag(25);
    before.live(60, { on: HEALTHY, off: HEALTHY });
    const knowing = new Flag(25);
    knowing.control = before.comparing?.values.counts.off;
    expect(seconds(knowing)).toBeLessThan(seconds(new Flag(25)));
  });

  it("blames nobody while both fail alike", () => {
    const flag = new Flag(25);
    flag.live(60, { on: HEALTHY, off: HEALTHY });
    const bad = { failureRate: 0.2, latency: 3 };
    flag.live(300, { on: bad, off: bad }, () => flag.rings("errors") || flag.rings("slow"));
    expect(flag.rings("errors") || flag.rings("slow")).toBe(false);
    expect(flag.comparisons["errors"]?.point?.off.rate).toBeGreaterThan(0.1);
  });

  it("rules harm out at the first look at the sums, and not before", () => {
    const flag = new Flag(5);
    const proofs = () => Object.values({ ...flag.comparisons["errors"]?.proofs, ...flag.comparisons["slow"]?.proofs });
    flag.live(599, { on: HEALTHY, off: HEALTHY });
    expect(proofs()).toEqual([
      { isProven: false, reason: "the first verdict comes 10m after the percentage was set" },
      { isProven: false, reason: "the first verdict comes 10m after the percentage was set" },
    ]);
    flag.live(2, { on: HEALTHY, off: HEALTHY });
    expect(proofs().map(({ isProven }) => isProven)).toEqual([true, true]);
  });

  it("begins a new epoch with every change of the percentage and spends less of the budget on it, also where everything else was lost", () => {
    const flag = new Flag(5);
    flag.live(5, { on: HEALTHY, off: HEALTHY });
    const needed = () => Object.values(flag.comparisons["errors"]?.tests ?? {})[0]?.needed ?? 0;
    expect(flag.comparisons["errors"]?.epoch).toBe(1);
    const first = needed();
    flag.percentage = 50;
    flag.live(5, { on: HEALTHY, off: HEALTHY });
    expect(flag.comparisons["errors"]?.epoch).toBe(2);
    expect(needed()).toBeGreaterThan(first);
    flag.epochs = { errors: 2 };
    flag.comparing = undefined;
    flag.percentage = 60;
    flag.live(1, { on: HEALTHY, off: HEALTHY });
    expect(flag.comparisons["errors"]?.epoch).toBe(3);
  });

  it("ends an epoch in which nearly everybody has failed, so that what comes after can be seen", () => {
    const flag = new Flag(25, { users: 1000 });
    const bad = { failureRate: 0.6 };
    flag.live(70, { on: bad, off: bad });
    expect(flag.begun).toContain("failures");
    expect(flag.comparisons["errors"]?.epoch).toBeGreaterThan(1);
  });
});

describe("the standing of both cohorts", () => {
  const window = (exposed: { on: number; off: number }, thousandths = 5000): ComparedWindow => ({
    thousandths,
    exposed,
    seen: exposed,
    failed: { on: 0, off: 0 },
    values: { on: [], off: [] },
    requests: exposed,
    failures: { on: 0, off: 0 },
  });
  const standing = (flag: Flag) => flag.comparisons["errors"]?.standing;

  it("is too few until users of both were seen", () => {
    const flag = new Flag(5);
    flag.second(undefined);
    expect(standing(flag)).toEqual({ kind: "tooFew" });
    flag.second(window({ on: 0, off: 10 }));
    expect(standing(flag)).toEqual({ kind: "tooFew" });
    flag.second(window({ on: 1, off: 0 }));
    expect(standing(flag)).toEqual({ kind: "compared" });
  });

  it("is a mismatch when far more users have the flag than the percentage says", () => {
    const flag = new Flag(5);
    flag.second(window({ on: 60, off: 200 }));
    expect(standing(flag)).toMatchObject({ kind: "mismatch" });
  });

  it("is stale after a minute without any report, and says since when", () => {
    const flag = new Flag(5);
    flag.second(window({ on: 5, off: 95 }));
    for (let second = 0; second < 60; second += 1) flag.second(window({ on: 0, off: 0 }));
    expect(standing(flag)).toEqual({ kind: "compared" });
    flag.second(window({ on: 0, off: 0 }));
    expect(standing(flag)).toEqual({ kind: "stale", since: 1000 });
    flag.second(window({ on: 0, off: 1 }));
    expect(standing(flag)).toEqual({ kind: "compared" });
  });

  it("takes nothing that was measured at another percentage", () => {
    const flag = new Flag(5);
    flag.second(window({ on: 100, off: 100 }, 50_000));
    expect(standing(flag)).toEqual({ kind: "tooFew" });
  });

  it("is without control where everybody has the flag", () => {
    const flag = new Flag(100);
    flag.second(undefined);
    expect(standing(flag)).toEqual({ kind: "noControl" });
  });
});

import type { FlagConfig } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "./records.ts";
import { configuredPercentage, kill, percentageOf, rampTo, restore } from "./ramp.ts";
import { booleanFlag, record, stringFlag } from "./testing/records.ts";

const flag = booleanFlag("checkout");
const rules = [
  {
    id: "r",
    clauses: [{ attribute: "plan", op: "equals", values: ["pro"], negate: false } as const],
    serve: { variant: "on" },
  },
];
const busy = { targets: { u1: "on" }, rules, fallthrough: { percentage: 25 } };

function written(decision: Decision<FlagConfig, unknown>): FlagConfig {
  if (decision.kind !== "write") throw new Error(`it should have been written, not ${decision.kind}`);
  return decision.next;
}

describe("a ramp", () => {
  it("changes the percentage, and nothing else", () => {
    const before = record(flag, busy);
    expect(rampTo(before, flag, 50)).toEqual({
      kind: "write",
      next: { ...before.config, fallthrough: { percentage: 50 } },
    });
  });

  it("to 0 leaves targets and rules alone", () => {
    expect(written(rampTo(record(flag, busy), flag, 0))).toMatchObject({ enabled: true, targets: { u1: "on" }, rules });
  });

  it("to the percentage that is there changes nothing", () => {
    expect(rampTo(record(flag, busy), flag, 25)).toEqual({ kind: "keep" });
    expect(rampTo(record(flag, { fallthrough: { variant: "on" } }), flag, 100)).toEqual({ kind: "keep" });
    expect(rampTo(record(flag, { fallthrough: { variant: "off" } }), flag, 0)).toEqual({ kind: "keep" });
  });

  it("takes every thousandth of a percent", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (thousandths) => {
        const percentage = thousandths / 1000;
        expect(percentageOf(written(rampTo(record(flag), flag, percentage)))).toBe(percentage);
      }),
    );
  });

  it.each([-1, 100.001, 101, 0.0001, 33.3333, NaN, Infinity, -Infinity])(
    "to %d is refused, with what is allowed",
    (percentage) => {
      const decision = rampTo(record(flag), flag, percentage);
      expect(decision).toMatchObject({
        kind: "refuse",
        problem: { code: "INVALID_PERCENTAGE", errors: [{ pointer: "/percentage" }] },
      });
      if (decision.kind !== "refuse") return;
      expect(decision.problem.detail).toContain(String(percentage));
      expect(decision.problem.hint).toMatch(/0.*100.*three decimals/);
    },
  );

  it("of a killed flag above 0 is refused, with the way to restore it", () => {
    const decision = rampTo(record(flag, { ...busy, enabled: false }), flag, 5);
    expect(decision).toMatchObject({
      kind: "refuse",
      problem: {
        code: "FLAG_DISABLED",
        hint: expect.stringContaining("/api/v1/environments/production/flags/checkout/restore"),
      },
    });
  });

  it("of a killed flag to 0 is what a restore then brings back", () => {
    const lowered = written(rampTo(record(flag, { ...busy, enabled: false }), flag, 0));
    expect(lowered.enabled).toBe(false);
    expect(percentageOf(written(restore({ ...record(flag), config: lowered })))).toBe(0);
  });

  it("of a flag without on and off is refused", () => {
    const colours = stringFlag("colours");
    expect(rampTo(record(colours), colours, 5)).toMatchObject({
      kind: "refuse",
      problem: { code: "NOT_BOOLEAN", detail: expect.stringContaining("string") },
    });
  });
});

describe("a kill", () => {
  it("turns the flag off and keeps what was configured, for a restore", () => {
    const before = record(flag, busy);
    const killed = written(kill(before));
    expect(killed).toEqual({ ...before.config, enabled: false });
    expect(written(restore({ ...before, config: killed }))).toEqual(before.config);
  });

  it("of a killed flag, and a restore of one that is not, change nothing", () => {
    expect(kill(record(flag, { enabled: false }))).toEqual({ kind: "keep" });
    expect(restore(record(flag))).toEqual({ kind: "keep" });
  });

  it("works for flags of every type", () => {
    expect(written(kill(record(stringFlag("colours")))).enabled).toBe(false);
  });
});

describe("the percentage of a flag", () => {
  it("is what its fallthrough gives to whom nothing else applies to", () => {
    expect(percentageOf(record(flag, busy).config)).toBe(25);
    expect(percentageOf(record(flag, { fallthrough: { variant: "on" } }).config)).toBe(100);
    expect(percentageOf(record(flag, { fallthrough: { variant: "off" } }).config)).toBe(0);
    expect(percentageOf(record(stringFlag("c"), { fallthrough: { variant: "red" } }).config)).toBeUndefined();
    expect(
      percentageOf(record(stringFlag("c"), { fallthrough: { split: [{ variant: "red", percentage: 100 }] } }).config),
    ).toBeUndefined();
  });

  it("is 0 while it is killed, and still known", () => {
    const killed = record(flag, { ...busy, enabled: false }).config;
    expect(percentageOf(killed)).toBe(0);
    expect(configuredPercentage(killed)).toBe(25);
  });
});

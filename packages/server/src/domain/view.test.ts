import { describe, expect, it } from "vitest";
import { configView, flagView, rampView, tokenView } from "./view.ts";
import { AT, booleanFlag, record, stringFlag } from "./testing/records.ts";

const flag = booleanFlag("checkout");

describe("a view", () => {
  it("of a flag has a line for each environment, and none of other flags", () => {
    const staging = {
      ...record(flag, { fallthrough: { percentage: 50 }, targets: { u1: "on" } }),
      environment: "staging",
    };
    const production = record(flag, { enabled: false, fallthrough: { percentage: 25 } });
    const view = flagView({ definition: flag, createdAt: AT, updatedAt: AT + 1 }, [
      staging,
      production,
      record(booleanFlag("other")),
    ]);
    expect(view).toMatchObject({
      key: "checkout",
      createdAt: "2026-01-05T02:00:00.000Z",
      updatedAt: "2026-01-05T02:00:00.001Z",
    });
    expect(view.environments).toEqual({
      staging: { enabled: true, percentage: 50, rules: 0, targets: 1, revision: 7 },
      production: { enabled: false, percentage: 0, rules: 0, targets: 0, revision: 7 },
    });
  });

  it("of a flag that isn't boolean has no percentage", () => {
    const colours = stringFlag("colours");
    const view = flagView({ definition: colours, createdAt: AT, updatedAt: AT }, [record(colours)]);
    expect(view.environments["production"]).not.toHaveProperty("percentage");
  });

  it("of a configuration has what it is, where, and who changed it", () => {
    expect(configView(record(flag))).toMatchObject({
      key: "checkout",
      environment: "production",
      revision: 7,
      updatedBy: "token:t1",
      updatedAt: "2026-01-05T02:00:00.000Z",
    });
  });

  it("of a ramp says from where to where, and whether anything changed", () => {
    const before = record(flag, { fallthrough: { percentage: 25 } });
    const after = { ...record(flag, { enabled: false, fallthrough: { percentage: 25 } }), revision: 8 };
    expect(rampView({ before, after, at: AT })).toEqual({
      feature: "checkout",
      environment: "production",
      enabled: false,
      percentage: 0,
      previousPercentage: 25,
      revision: 8,
      changed: true,
      at: "2026-01-05T02:00:00.000Z",
    });
    expect(rampView({ after, at: AT })).toMatchObject({ percentage: 0, previousPercentage: 0, changed: false });
  });

  it("of a token never has its hash", () => {
    const token = {
      id: "t1",
      kind: "ci",
      name: "deploys",
      environments: ["*"],
      roles: [],
      hash: "a".repeat(64),
      prefix: "rmp_ci_all_abcd",
      createdAt: AT,
      revokedAt: AT,
    } as const;
    const view = tokenView(token);
    expect(view).toMatchObject({ id: "t1", revokedAt: "2026-01-05T02:00:00.000Z" });
    expect(view).not.toHaveProperty("hash");
    expect(view).not.toHaveProperty("lastUsedAt");
  });
});

import type { FlagConfig } from "@rampart/core";
import { defaultConfig, defaultVariants } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { leaveToRollout } from "./managed.ts";

const config = defaultConfig({
  key: "checkout",
  type: "boolean",
  description: "",
  variants: defaultVariants("boolean"),
  tags: [],
});
const managed: FlagConfig = { ...config, fallthrough: { percentage: 5 }, leaseMs: 25_000, measures: ["run"] };
const record = {
  environment: "production",
  key: "checkout",
  config: managed,
  revision: 1,
  updatedAt: 0,
  updatedBy: "rollout",
};

const decide = (next: FlagConfig, rollout?: string) => leaveToRollout(record, () => rollout, { kind: "write", next });

describe("a flag that a rollout ramps", () => {
  it.each([
    ["its percentage", { ...managed, fallthrough: { percentage: 6 } }],
    ["its lease", { ...managed, leaseMs: 60_000 }],
    ["what is measured of it", { ...managed, measures: ["run", "upload"] }],
  ])("leaves %s to the rollout, and is free without one", (_, next) => {
    expect(decide(next, "r1")).toMatchObject({ kind: "refuse", problem: { code: "FLAG_MANAGED" } });
    expect(decide(next)).toEqual({ kind: "write", next });
  });

  it("can be switched off, and given targets, by anybody", () => {
    for (const next of [
      { ...managed, enabled: false },
      { ...managed, targets: { ann: "on" } },
    ])
      expect(decide(next, "r1")).toEqual({ kind: "write", next });
  });
});

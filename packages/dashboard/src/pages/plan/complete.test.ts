import { describe, expect, it } from "vitest";
import { fitsAt, type Schema } from "./complete.ts";

const SCHEMA: Schema = {
  properties: {
    kind: { enum: ["RolloutPlan"] },
    spec: {
      properties: {
        flag: { description: "Which flag" },
        window: { properties: { from: {}, to: {} } },
        metrics: { additionalProperties: { properties: { unit: { enum: ["ratio", "seconds"] } } } },
        stages: {
          items: {
            anyOf: [
              { properties: { name: {}, percentage: {} } },
              { properties: { approvals: { items: { properties: { role: {} } } } } },
            ],
          },
        },
      },
    },
  },
};

const labels = (before: string): readonly string[] => fitsAt(before, SCHEMA).map(({ label }) => label);

describe("completion in a plan", () => {
  it.each([
    ["at the top", "", ["kind", "spec"]],
    ["as a value", "kind: ", ["RolloutPlan"]],
    ["within a field", "spec:\n  ", ["flag", "window", "metrics", "stages"]],
    ["after a line of its own", "spec:\n  flag: a\n  ", ["flag", "window", "metrics", "stages"]],
    ["in braces", "spec:\n  window: { ", ["from", "to"]],
    ["in braces after a comma", 'spec:\n  window: { from: "02:00", ', ["from", "to"]],
    ["in an item of a list", "spec:\n  stages:\n    - ", ["name", "percentage", "approvals"]],
    ["in an item in braces", "spec:\n  stages:\n    - { ", ["name", "percentage", "approvals"]],
    ["in a later line of an item", "spec:\n  stages:\n    - name: a\n      ", ["name", "percentage", "approvals"]],
    ["in an item within an item", "spec:\n  stages:\n    - name: a\n      approvals:\n        - ", ["role"]],
    ["under names that the plan chooses", "spec:\n  metrics:\n    p95:\n      ", ["unit"]],
    ["as a value under such a name", "spec:\n  metrics:\n    p95: { unit: ", ["ratio", "seconds"]],
    ["past comments and empty lines", "spec:\n\n  # a remark\n  ", ["flag", "window", "metrics", "stages"]],
    ["nowhere that the schema knows", "else:\n  ", []],
  ])("%s", (_, before, expected) => {
    expect(labels(before)).toEqual(expected);
  });

  it("says what a field is", () => {
    expect(fitsAt("spec:\n  ", SCHEMA)[0]).toEqual({ label: "flag", description: "Which flag" });
  });
});

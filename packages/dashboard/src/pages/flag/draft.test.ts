import type { FlagConfig } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { changesOf, draftOf, emptyRule, moveAt, replaceAt } from "./draft.ts";

const STORED: FlagConfig = {
  enabled: true,
  offVariant: "off",
  targets: { ann: "on", bob: "off" },
  rules: [],
  fallthrough: { percentage: 5 },
  salt: "checkout",
  bucketBy: "targetingKey",
  prerequisites: [],
  clientVisible: false,
};

describe("what an editor sends", () => {
  it("is nothing when nothing was changed", () => {
    expect(changesOf(STORED, draftOf(STORED))).toEqual({});
  });

  it("is the changed fields alone", () => {
    expect(changesOf(STORED, { ...draftOf(STORED), clientVisible: true, fallthrough: { percentage: 10 } })).toEqual({
      clientVisible: true,
      fallthrough: { percentage: 10 },
    });
  });

  it("takes out targets that are gone, and names only those that differ", () => {
    const targets = { ann: "on", bob: "on", eve: "on" };
    expect(changesOf(STORED, { targets })).toEqual({ targets: { bob: "on", eve: "on" } });
    expect(changesOf(STORED, { targets: { ann: "on" } })).toEqual({ targets: { bob: null } });
  });

  it("does not take a user named like a property of objects for one that is there", () => {
    expect(changesOf(STORED, { targets: { ...STORED.targets, constructor: "on" } })).toEqual({
      targets: { constructor: "on" },
    });
  });
});

describe("a list of rules", () => {
  it("gets new rules under ids that are free", () => {
    const first = emptyRule([], { variant: "on" });
    const third = emptyRule([{ ...first, id: "rule-2" }], { variant: "on" });
    expect([first.id, third.id]).toEqual(["rule-1", "rule-3"]);
  });

  it("is replaced, shortened and reordered without touching the rest", () => {
    expect(replaceAt(["a", "b", "c"], 1, "x")).toEqual(["a", "x", "c"]);
    expect(replaceAt(["a", "b", "c"], 1, undefined)).toEqual(["a", "c"]);
    expect(moveAt(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moveAt(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
    expect(moveAt(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  });
});

import type { JsonObject, Segment } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { patchDefinition, patchSegment } from "./patch-definition.ts";
import { stringFlag } from "./testing/records.ts";

const flag = { ...stringFlag("colours"), owner: "design", tags: ["ui"] };
const segment: Segment = { key: "beta", description: "testers", included: ["u1"], excluded: [], rules: [] };

describe("a patch of a definition", () => {
  it("replaces fields, and sets them back with null", () => {
    expect(patchDefinition(flag, { description: "the brand's", owner: null, tags: null })).toEqual({
      kind: "write",
      next: { key: "colours", type: "string", description: "the brand's", variants: flag.variants, tags: [] },
    });
  });

  it("adds variants and changes their values, but takes none away", () => {
    expect(patchDefinition(flag, { variants: { red: "#f11", blue: "#00f", green: "#0f0" } })).toMatchObject({
      kind: "write",
    });
    expect(patchDefinition(flag, { variants: { red: "#f00" } })).toMatchObject({
      kind: "refuse",
      problem: { code: "INVALID_BODY", errors: [{ pointer: "/variants/blue" }] },
    });
  });

  it.each([
    [{ key: "other" }],
    [{ type: "number" }],
    [{ expectedEnd: "soon" }],
    [{ variants: { red: 1, blue: 2 } }],
    [{ tag: ["x"] }],
  ])("is refused for %j", (patch) => {
    expect(patchDefinition(flag, patch as JsonObject)).toMatchObject({
      kind: "refuse",
      problem: { code: "INVALID_BODY" },
    });
  });

  it("is kept when it changes nothing", () => {
    expect(patchDefinition(flag, { tags: ["ui"], owner: "design" })).toEqual({ kind: "keep" });
  });
});

describe("a patch of a segment", () => {
  it("replaces fields as a whole, and fills in what a clause leaves out", () => {
    const rules = [{ clauses: [{ attribute: "plan", op: "equals", values: ["pro"] }] }];
    expect(patchSegment(segment, { included: ["u2"], description: null, rules })).toEqual({
      kind: "write",
      next: {
        key: "beta",
        description: "",
        included: ["u2"],
        excluded: [],
        rules: [{ clauses: [{ attribute: "plan", op: "equals", values: ["pro"], negate: false }] }],
      },
    });
  });

  it("is kept when it changes nothing, and refused when it is wrong", () => {
    expect(patchSegment(segment, { included: ["u1"] })).toEqual({ kind: "keep" });
    expect(patchSegment(segment, { include: ["u1"] })).toMatchObject({
      kind: "refuse",
      problem: { errors: [{ pointer: "/include" }] },
    });
    expect(patchSegment(segment, { included: "u1" })).toMatchObject({
      kind: "refuse",
      problem: { errors: [{ pointer: "/included" }] },
    });
  });
});

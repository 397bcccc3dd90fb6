import { describe, expect, it } from "vitest";
import { changesIn } from "./words.ts";

const said = (before: Parameters<typeof changesIn>[0], after: Parameters<typeof changesIn>[1]): readonly string[] =>
  changesIn(before, after).map(({ name, was, is }) => `${name}: ${was ?? "nothing"} → ${is ?? "nothing"}`);

describe("a change of a flag in words", () => {
  it("says a share as people do", () => {
    expect(said({ fallthrough: { percentage: 0 } }, { fallthrough: { percentage: 12.5 } })).toEqual([
      "Everybody else: on for 0 % → on for 12.5 %",
    ]);
  });

  it("calls the kill switch what the page calls it", () => {
    expect(said({ enabled: true }, { enabled: false })).toEqual(["State: live → killed"]);
  });

  it("says a split and a variant by their names", () => {
    const split = {
      split: [
        { variant: "red", percentage: 30 },
        { variant: "blue", percentage: 70 },
      ],
    };
    expect(said({ fallthrough: { variant: "red" } }, { fallthrough: split })).toEqual([
      "Everybody else: red → red for 30 %, blue for 70 %",
    ]);
  });

  it("names each user that was named, given something else or let go", () => {
    expect(
      said({ targets: { ann: "on", bob: "on", eve: "off" } }, { targets: { ann: "on", bob: "off", zoe: "on" } }),
    ).toEqual(["User bob: on → off", "User eve: off → nothing", "User zoe: nothing → on"]);
  });

  it("says a rule as the editor does", () => {
    const south = {
      id: "south",
      clauses: [
        { attribute: "country", op: "in", values: ["DE", "AT"], negate: false },
        { attribute: "targetingKey", op: "inSegment", values: ["beta"], negate: true },
      ],
      serve: { percentage: 50 },
    };
    expect(said({ rules: [] }, { rules: [south] })).toEqual([
      "Rule south: nothing → if country is one of DE, AT and if not the user is in the segment beta: on for 50 %",
    ]);
  });

  it("tells rules that only changed places from rules that are others", () => {
    const rule = (id: string) => ({ id, clauses: [], serve: { variant: "on" } });
    expect(said({ rules: [rule("a"), rule("b")] }, { rules: [rule("b"), rule("a")] })).toEqual([
      "Rules, from the top: a, b → b, a",
    ]);
  });

  it("says a segment's rules, which have no names", () => {
    const clause = { attribute: "plan", op: "equals", values: ["pro"], negate: false };
    expect(said({ rules: [] }, { rules: [{ clauses: [clause] }] })).toEqual(["Rule 1: nothing → if plan equals pro"]);
  });

  it("says what is needed of another flag, and for how long a client is trusted", () => {
    expect(
      said({ prerequisites: [] }, { prerequisites: [{ flag: "base", variants: ["on", "beta"] }], leaseMs: 25_000 }),
    ).toEqual(["Only where base is: nothing → on or beta", "Exposure lease: nothing → 25 s"]);
  });

  it("tells of a flag that was made what it is, and nothing of what is empty", () => {
    const definition = { key: "a", type: "boolean", description: "", tags: [], variants: { on: true, off: false } };
    expect(said(undefined, { definition, configs: { production: { enabled: true } } })).toEqual([
      "Key: nothing → a",
      "Type: nothing → boolean",
      "Variants: nothing → on = true, off = false",
    ]);
  });

  it("has words for fields that it doesn't know", () => {
    expect(said({ pushedBy: "ann", isUrgent: false }, { pushedBy: "bob", isUrgent: true })).toEqual([
      "Pushed by: ann → bob",
      "Is urgent: no → yes",
    ]);
  });

  it("says nothing where nothing differs", () => {
    expect(said({ rules: [], targets: {} }, { rules: [], targets: {} })).toEqual([]);
    expect(said(undefined, "a text")).toEqual([]);
  });
});

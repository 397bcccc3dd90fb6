import { describe, expect, it } from "vitest";
import { defaultConfig } from "../model/defaults.ts";
import type { FlagDefinition } from "../model/flag.ts";
import { checkConfig, completeConfig } from "./config.ts";
import { checkDefinition } from "./definition.ts";
import { checkSegment, completeSegment } from "./segment.ts";

const definition: FlagDefinition = {
  key: "a",
  type: "boolean",
  description: "",
  variants: { on: true, off: false },
  tags: [],
};
const config = (over: object) => ({ ...defaultConfig(definition), ...over });
const clause = { attribute: "plan", op: "equals", values: ["pro"] };
const rule = (over: object) => ({ id: "r1", clauses: [clause], serve: { variant: "on" }, ...over });
const pointers = (problems: readonly { readonly pointer: string }[]) => problems.map((problem) => problem.pointer);

describe("a write", () => {
  it("takes everything that a flag, a configuration and a segment can have", () => {
    const full = config({
      targets: { u1: "on" },
      rules: [rule({ description: "d", clauses: [{ ...clause, negate: true }] })],
      prerequisites: [{ flag: "b", variants: ["on"] }],
      clientVisible: true,
      leaseMs: 25_000,
    });
    expect(checkConfig(definition, full, {})).toEqual([]);
    expect(checkDefinition({ ...definition, owner: "payments", expectedEnd: "2027-01-31" })).toEqual([]);
    expect(
      checkSegment({ key: "s", description: "d", included: ["u"], excluded: [], rules: [{ clauses: [clause] }] }, {}),
    ).toEqual([]);
  });

  it.each([
    [
      "a typing error in a clause",
      { rules: [rule({ clauses: [{ ...clause, negated: true }] })] },
      "/rules/0/clauses/0/negated",
    ],
    ["a field that a rule doesn't have", { rules: [rule({ percentage: 5 })] }, "/rules/0/percentage"],
    ["a second way to serve", { fallthrough: { percentage: 5, seed: 1 } }, "/fallthrough/seed"],
    [
      "a field that a prerequisite doesn't have",
      { prerequisites: [{ flag: "b", variants: ["on"], variant: "on" }] },
      "/prerequisites/0/variant",
    ],
    ["a field that a configuration doesn't have", { percentage: 5 }, "/percentage"],
    ["half of a character in an id", { targets: { "u\ud800": "on" } }, "/targets/u\ud800"],
    [
      "half of a character in a value",
      { rules: [rule({ clauses: [{ ...clause, values: ["\udc00"] }] })] },
      "/rules/0/clauses/0/values/0",
    ],
    ["half of a character in a salt", { salt: "\ud83d" }, "/salt"],
  ])("of a configuration is refused for %s", (_, over, pointer) => {
    expect(pointers(checkConfig(definition, config(over), {}))).toEqual([pointer]);
  });

  it("of a definition or a segment is refused for the same", () => {
    const json = { ...definition, type: "json", variants: { a: { deep: ["\ud800"] }, b: { anything: 1 } } };
    expect(pointers(checkDefinition(json))).toEqual(["/variants/a/deep/0"]);
    expect(pointers(checkDefinition({ ...definition, ownner: "x" }))).toEqual(["/ownner"]);
    expect(pointers(checkSegment({ key: "s", include: [] }, {}))).toEqual(["/include"]);
    expect(pointers(checkSegment({ key: "s", description: "\ud800" }, {}))).toEqual(["/description"]);
  });

  it("takes whole characters outside the basic plane", () => {
    expect(checkConfig(definition, config({ targets: { "😀": "on" }, salt: "ü😀" }), {})).toEqual([]);
  });
});

describe("a configuration or a segment that leaves things out", () => {
  it("is completed with what they default to", () => {
    const complete = completeConfig(definition, { fallthrough: { percentage: 5 }, rules: [rule({})] });
    expect(complete).toEqual(
      config({ fallthrough: { percentage: 5 }, rules: [rule({ clauses: [{ ...clause, negate: false }] })] }),
    );
    expect(completeSegment({ key: "s", rules: [{ clauses: [clause] }] })).toEqual({
      key: "s",
      description: "",
      included: [],
      excluded: [],
      rules: [{ clauses: [{ ...clause, negate: false }] }],
    });
  });

  it("is not completed when it is wrong", () => {
    expect(completeConfig(definition, { fallthrough: { percentage: 101 } })).toBeUndefined();
    expect(completeConfig(definition, null)).toBeUndefined();
    expect(completeSegment({ key: "s", included: [5] })).toBeUndefined();
  });
});

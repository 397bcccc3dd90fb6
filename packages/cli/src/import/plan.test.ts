import { defaultConfig, type FlagConfig, type FlagDefinition } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { configView, flagView } from "../testing/fake-api.ts";
import { planImport, writes, type ImportPlan, type Present } from "./plan.ts";
import type { Converted, ConvertedFlag } from "./types.ts";

const CREATED = "2026-01-01T12:00:00.000Z";
const LATER = "2026-01-02T12:00:00.000Z";

function flag(key: string, config: Partial<FlagConfig> = {}, type: FlagDefinition["type"] = "boolean"): ConvertedFlag {
  const variants = type === "boolean" ? { on: true, off: false } : { a: "1" };
  const definition: FlagDefinition = { key, type, description: "", variants, tags: [] };
  return {
    key,
    path: `/flags/${key}`,
    whole: { definition, config: { ...defaultConfig(definition), ...config } },
    findings: [],
  };
}

/** A flag that somebody set up here on the day after it was made. */
function here(key: string, config: Partial<FlagConfig> = {}, updatedAt = LATER): Present["flags"] {
  const { whole } = flag(key, config);
  const there = flagView({ key, type: "boolean", variants: { on: true, off: false }, createdAt: CREATED });
  return new Map([[key, { flag: there, config: configView({ ...whole?.config, key, updatedAt }) }]]);
}

function plan(
  flags: readonly ConvertedFlag[],
  present: Partial<Present> = {},
  options: { readonly only?: readonly string[]; readonly replace?: boolean } = {},
): ImportPlan {
  const converted: Converted = { kind: "converted", flags, segments: [], archived: ["old"] };
  return planImport(
    converted,
    { flags: new Map(), segments: new Map(), ...present },
    { only: [], replace: false, ...options },
  );
}

const kinds = ({ flags }: ImportPlan): readonly string[] => flags.map(({ key, kind }) => `${key} ${kind}`);
const needs = (key: string): Partial<FlagConfig> => ({ prerequisites: [{ flag: key, variants: ["on"] }] });

describe("the plan of an import", () => {
  it("makes prerequisites before the flags that need them", () => {
    expect(kinds(plan([flag("a", needs("b")), flag("b", needs("c")), flag("c")]))).toEqual([
      "c create",
      "b create",
      "a create",
    ]);
  });

  it("does not make a flag whose prerequisite is here otherwise, whether that was chosen or not", () => {
    const flags = [flag("a", needs("b")), flag("b")];
    const otherwise = here("b", { fallthrough: { percentage: 50 } });
    expect(kinds(plan(flags, { flags: otherwise }))).toEqual(["b differs", "a cannot"]);
    expect(kinds(plan(flags, { flags: otherwise }, { only: ["a"] }))).toEqual(["a cannot"]);
    expect(kinds(plan(flags, {}, { only: ["a"] }))).toEqual(["a cannot"]);
    expect(kinds(plan(flags, { flags: here("b") }, { only: ["a"] }))).toEqual(["a create"]);
    expect(kinds(plan(flags, { flags: otherwise }, { replace: true }))).toEqual(["b replace", "a create"]);
  });

  it("never turns a flag into one of another type", () => {
    expect(kinds(plan([flag("a", {}, "string")], { flags: here("a") }, { replace: true }))).toEqual(["a cannot"]);
  });

  it("sets up what nobody touched since it was made, and leaves what somebody did", () => {
    const file = [flag("a", { fallthrough: { percentage: 100 } })];
    expect(kinds(plan(file, { flags: here("a", {}, CREATED) }))).toEqual(["a configure"]);
    expect(kinds(plan(file, { flags: here("a") }))).toEqual(["a differs"]);
  });

  it("switches nothing on that is off here, and may change it while it stays off", () => {
    const off = { flags: here("a", { enabled: false }) };
    expect(kinds(plan([flag("a", { fallthrough: { percentage: 100 } })], off, { replace: true }))).toEqual([
      "a cannot",
    ]);
    expect(
      kinds(plan([flag("a", { enabled: false, fallthrough: { percentage: 100 } })], off, { replace: true })),
    ).toEqual(["a replace"]);
  });

  it("keeps what is here where the file says nothing of it, for prerequisites, too", () => {
    const mute: ConvertedFlag = {
      ...flag("a", { fallthrough: { percentage: 50 } }),
      unsaid: ["clientVisible", "salt"],
    };
    const visible = { clientVisible: true, salt: "before" };
    const same = { flags: here("a", { ...visible, fallthrough: { percentage: 50 } }) };
    expect(kinds(plan([mute], same))).toEqual(["a unchanged"]);
    expect(kinds(plan([flag("b", needs("a")), mute], same, { only: ["b"] }))).toEqual(["b create"]);
    const [step] = plan([mute], { flags: here("a", visible) }, { replace: true }).flags;
    expect(step).toMatchObject({
      kind: "replace",
      item: { config: visible },
      differences: [{ field: "fallthrough" }],
    });
    expect(plan([mute]).flags).toMatchObject([
      { kind: "create", item: { config: { clientVisible: false, salt: "a" } } },
    ]);
    expect(kinds(plan([{ ...mute, unsaid: [] }], same))).toEqual(["a differs"]);
  });

  it("holds what stays in the archive there, unless only some flags are asked for", () => {
    expect(plan([flag("a")]).archived).toEqual(["old"]);
    expect(plan([flag("a")], {}, { only: ["a"] }).archived).toEqual([]);
  });

  it("has nothing to write where everything is there, in whatever order its fields stand", () => {
    const targets = { ann: "on", bob: "off" };
    const same = plan([flag("a", { targets })], { flags: here("a", { targets: { bob: "off", ann: "on" } }) });
    expect([kinds(same), writes(same)]).toEqual([["a unchanged"], false]);
  });
});

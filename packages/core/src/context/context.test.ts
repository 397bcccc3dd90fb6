import { describe, expect, it } from "vitest";
import type { User } from "../model/flag.ts";
import { checkContext, CONTEXT_DEPTH_MAX, CONTEXT_KEYS_MAX, CONTEXT_LENGTH_MAX } from "./check.ts";
import { contextOf } from "./context.ts";

const problemOf = (input: unknown) => {
  const check = checkContext(input);
  return check.ok ? undefined : check.problem;
};
const contextIn = (input: unknown) => {
  const check = checkContext(input);
  if (!check.ok) throw new Error(check.problem.detail);
  return check.context;
};

describe("the context of a user", () => {
  it.each<[string, User, object]>([
    ["an id", "ann", { targetingKey: "ann" }],
    ["an object with an id", { id: "ann", plan: "pro" }, { id: "ann", plan: "pro", targetingKey: "ann" }],
    ["an object with a targetingKey", { targetingKey: "ann", id: "x" }, { targetingKey: "ann", id: "x" }],
    ["a numeric id", { id: 42 }, { id: 42, targetingKey: "42" }],
    ["an empty targetingKey beside an id", { targetingKey: "", id: "ann" }, { targetingKey: "ann", id: "ann" }],
    ["nobody in particular", { plan: "pro" }, { plan: "pro" }],
    ["nothing", undefined as never, {}],
  ])("is made of %s", (_, user, context) => {
    expect(contextOf(user)).toEqual(context);
  });
});

describe("a context from outside", () => {
  it("may be an id or an object, and has one name for the id", () => {
    expect(contextIn("ann")).toEqual({ targetingKey: "ann" });
    expect(contextIn(42)).toEqual({ targetingKey: "42" });
    expect(contextIn({ id: 7, a: { b: [1, "x", null, true] } })).toEqual({
      id: 7,
      targetingKey: "7",
      a: { b: [1, "x", null, true] },
    });
    expect(contextIn(null)).toEqual({});
  });

  it("is copied into objects without prototypes", () => {
    const context = contextIn({ id: "ann", nested: { deeper: {} } }) as { nested: { deeper: object } };
    for (const each of [context, context.nested, context.nested.deeper]) expect(Object.getPrototypeOf(each)).toBeNull();
  });

  it.each(["__proto__", "constructor", "prototype"])("is refused for a key %s at any depth", (key) => {
    expect(problemOf(JSON.parse(`{"${key}":1}`))?.pointer).toBe(`/${key}`);
    expect(problemOf(JSON.parse(`{"a":[{"b":{"${key}":{"polluted":true}}}]}`))?.pointer).toBe(`/a/0/b/${key}`);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("may be nested as deep as the limit, and no deeper", () => {
    const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
    expect(problemOf(nested(CONTEXT_DEPTH_MAX))).toBeUndefined();
    expect(problemOf(nested(CONTEXT_DEPTH_MAX + 1))).toMatchObject({
      detail: "is nested too deep",
      hint: "at most 20 levels",
    });
    const lists = JSON.parse(`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`) as unknown;
    expect(problemOf(lists)?.detail).toBe("is nested too deep");
  });

  it("may have as many keys as the limit, nested ones included", () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]));
    expect(problemOf(keys(CONTEXT_KEYS_MAX))).toBeUndefined();
    expect(problemOf(keys(CONTEXT_KEYS_MAX + 1))?.detail).toBe("has too many keys");
    expect(problemOf({ nested: keys(CONTEXT_KEYS_MAX) })?.detail).toBe("has too many keys");
  });

  it("may be as large as the limit, by texts, keys and lists alike", () => {
    for (const large of [
      "x".repeat(CONTEXT_LENGTH_MAX),
      { ["k".repeat(CONTEXT_LENGTH_MAX)]: 1 },
      { a: Array.from({ length: CONTEXT_LENGTH_MAX }, () => 1) },
    ]) {
      expect(problemOf(large)?.detail).toBe("is where the context becomes too large");
    }
    expect(problemOf({ a: "x".repeat(CONTEXT_LENGTH_MAX - 100) })).toBeUndefined();
  });

  it.each([[[]], [["ann"]], [true], [Number.NaN]])("may not be %j", (input) => {
    expect(problemOf(input)?.detail).toContain("is not a context");
  });

  it("may hold nothing but JSON", () => {
    expect(problemOf({ a: { b: undefined } })).toMatchObject({ pointer: "/a/b", detail: "undefined is not JSON" });
    expect(problemOf({ a: [10n] })).toMatchObject({ pointer: "/a/0" });
  });
});

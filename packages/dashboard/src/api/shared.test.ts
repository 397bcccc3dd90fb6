import { describe, expect, it } from "vitest";
import { shared } from "./shared.ts";

describe("an answer that came again", () => {
  it("is the one before where it says the same", () => {
    const before = { a: [1, { b: "x" }], c: null };
    expect(shared(before, structuredClone(before))).toBe(before);
  });

  it("keeps the parts that say the same", () => {
    const before = { now: 1, items: [{ id: 1 }, { id: 2 }], empty: [] };
    const after = shared(before, { now: 2, items: [{ id: 1 }, { id: 3 }], empty: [] });
    expect(after).toEqual({ now: 2, items: [{ id: 1 }, { id: 3 }], empty: [] });
    expect(after.items[0]).toBe(before.items[0]);
    expect(after.empty).toBe(before.empty);
    expect(after).not.toBe(before);
  });

  it.each([
    [[1, 2], [1]],
    [[1], [1, 2]],
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: 1 }, { b: 1 }],
    [[1], { 0: 1 }],
    [{ a: null }, { a: {} }],
    [undefined, { a: 1 }],
  ])("is what it says after %j: %j", (before, next) => {
    expect(shared(before, structuredClone(next))).toEqual(next);
  });
});

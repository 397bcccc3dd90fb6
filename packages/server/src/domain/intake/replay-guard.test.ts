import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIENTS_MAX, ReplayGuard } from "./replay-guard.ts";

describe("the guard against replays", () => {
  it("lets each report in once, in whatever order and however often they come, while they overtake each other by less than 32", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: 1, max: 31 }))), (reports) => {
        const guard = new ReplayGuard();
        const first = reports.filter(([client, seq]) => guard.isFirst(client, seq));
        const distinct = new Set(reports.map(([client, seq]) => `${client}:${seq}`));
        expect(first.map(([client, seq]) => `${client}:${seq}`)).toEqual([...distinct]);
      }),
    );
  });

  it("never lets one in twice, however far they are apart", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 100 }), (numbers) => {
        const guard = new ReplayGuard();
        const first = numbers.filter((seq) => guard.isFirst("a", seq));
        expect(new Set(first).size).toBe(first.length);
      }),
    );
  });

  it("knows after a restart what it knew before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 })),
        fc.array(fc.integer({ min: 1, max: 60 })),
        (before, after) => {
          const guard = new ReplayGuard();
          for (const seq of before) guard.isFirst("a", seq);
          const restored = new ReplayGuard(guard.clients());
          expect(after.map((seq) => restored.isFirst("a", seq))).toEqual(after.map((seq) => guard.isFirst("a", seq)));
        },
      ),
    );
  });

  it("forgets the client that was silent the longest when there are too many", () => {
    const guard = new ReplayGuard();
    for (let client = 0; client < CLIENTS_MAX; client++) guard.isFirst(`c${client}`, 1);
    guard.isFirst("c0", 2);
    guard.isFirst("one more", 1);
    expect(guard.clients()).toHaveLength(CLIENTS_MAX);
    expect(guard.isFirst("c0", 2)).toBe(false);
    expect(guard.isFirst("c1", 1)).toBe(true);
  });
});

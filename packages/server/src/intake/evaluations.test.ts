import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { evaluationsView, HOUR_MS } from "../domain/evaluations.ts";
import { silentLogger } from "../ports/logger.ts";
import type { EvaluationRow, EvaluationStore } from "../ports/evaluation-store.ts";
import { createMemoryEvaluations } from "../store/memory-evaluations.ts";
import { manualPlatform, type ManualPlatform } from "../testing/manual-platform.ts";
import { Evaluations, UNKNOWN_FLAGS_MAX } from "./evaluations.ts";

const CHECKOUT = { flag: "checkout", environment: "production" };
const WRITE_MS = 10_000;

let platform: ManualPlatform;
let stored: EvaluationStore;
let isBroken: boolean;
let dropped: number;
let evaluations: Evaluations;

function create(): Evaluations {
  const made = new Evaluations({
    ...platform,
    store: {
      ...stored,
      addEvaluations: (rows) =>
        isBroken ? Promise.reject(new Error("the disk is full")) : stored.addEvaluations(rows),
    },
    logger: silentLogger,
    meter: { evaluationsDropped: (_environment, count) => void (dropped += count) },
    isFlag: (_environment, flag) => flag === "checkout" || flag.startsWith("f"),
  });
  made.start();
  return made;
}

beforeEach(() => {
  platform = manualPlatform();
  stored = createMemoryEvaluations();
  isBroken = false;
  dropped = 0;
  evaluations = create();
});

const ever = () => ({ from: 0, to: platform.clock.now() + HOUR_MS });
const inStore = (flag = CHECKOUT): Promise<readonly EvaluationRow[]> => stored.evaluations(flag, ever());
const shown = async (of = evaluations, flag = CHECKOUT) => {
  const [lastAt] = await of.last([flag]);
  return evaluationsView(flag, { ...ever(), lastAt, rows: await of.of(flag, ever()) });
};
const report = (...counts: readonly (readonly [string, string | null, number])[]) => ({ counts, dropped: 0 });

describe("evaluations", () => {
  it("are seen at once, and are in the store within ten seconds", async () => {
    evaluations.reported("production", report(["checkout", "on", 3], ["checkout", null, 2]));
    evaluations.served("production", [
      ["checkout", "off"],
      ["checkout", undefined],
    ]);
    expect(await shown()).toMatchObject({ total: 7, variants: { on: 3, off: 1 }, defaults: 3 });
    expect(await inStore()).toEqual([]);
    await platform.advance(WRITE_MS);
    expect((await inStore()).map(({ variant, count }) => [variant, count])).toEqual([
      ["", 3],
      ["off", 1],
      ["on", 3],
    ]);
    expect(await shown()).toMatchObject({ total: 7 });
    expect(await shown(evaluations, { ...CHECKOUT, environment: "staging" })).toMatchObject({ total: 0 });
  });

  it("belong to the hour in which they arrive", async () => {
    const begun = platform.clock.now();
    evaluations.reported("production", report(["checkout", "on", 1]));
    await platform.advance(HOUR_MS);
    evaluations.reported("production", report(["checkout", "on", 2]));
    const { hours, lastEvaluatedAt } = await shown();
    expect(hours.map(({ at, variants }) => [Date.parse(at) - begun, variants])).toEqual([
      [0, { on: 1 }],
      [HOUR_MS, { on: 2 }],
    ]);
    expect(lastEvaluatedAt).toBe(new Date(begun + HOUR_MS).toISOString());
  });

  it("of several servers add up in one store", async () => {
    const other = create();
    evaluations.reported("production", report(["checkout", "on", 1]));
    other.reported("production", report(["checkout", "on", 2], ["checkout", "off", 5]));
    await Promise.all([evaluations.stop(), other.stop()]);
    expect(await shown()).toMatchObject({ total: 8, variants: { on: 3, off: 5 } });
  });

  it("wait for a store that can't be written, and are counted once when it can", async () => {
    evaluations.reported("production", report(["checkout", "on", 4]));
    isBroken = true;
    await platform.advance(3 * WRITE_MS);
    evaluations.reported("production", report(["checkout", "on", 1]));
    expect(await shown()).toMatchObject({ total: 5 });
    isBroken = false;
    await platform.advance(WRITE_MS);
    expect(await inStore()).toMatchObject([{ count: 5 }]);
    expect(dropped).toBe(0);
  });

  it("of keys that no flag has are kept for some of them, and the others counted as dropped", async () => {
    const made = Array.from({ length: UNKNOWN_FLAGS_MAX + 3 }, (_, index) => [`made-up-${index}`, null, 2] as const);
    evaluations.reported("production", report(...made));
    await platform.advance(WRITE_MS);
    evaluations.reported("production", { ...report(...made), dropped: 7 });
    expect(dropped).toBe(2 * 3 * 2 + 7);
    expect(await shown(evaluations, { ...CHECKOUT, flag: "made-up-0" })).toMatchObject({ defaults: 4 });
    expect(await shown(evaluations, { ...CHECKOUT, flag: `made-up-${UNKNOWN_FLAGS_MAX}` })).toMatchObject({ total: 0 });
    await platform.advance(HOUR_MS);
    evaluations.reported("production", report([`made-up-${UNKNOWN_FLAGS_MAX}`, null, 1]));
    expect(await shown(evaluations, { ...CHECKOUT, flag: `made-up-${UNKNOWN_FLAGS_MAX}` })).toMatchObject({ total: 1 });
  });

  it("are written in pieces, and none is left behind", async () => {
    const flags = Array.from({ length: 1_700 }, (_, index) => [`f${index}`, "on", index + 1] as const);
    evaluations.reported("production", report(...flags));
    await evaluations.stop();
    expect(await inStore({ ...CHECKOUT, flag: "f1699" })).toMatchObject([{ count: 1_700 }]);
    expect(await inStore({ ...CHECKOUT, flag: "f0" })).toMatchObject([{ count: 1 }]);
  });

  it("come to the same sums in whatever order they arrive, are written and fail to be", async () => {
    const event = fc.oneof(
      fc.tuple(fc.constantFrom("on", "off", null), fc.integer({ min: 1, max: 50 })),
      fc.constantFrom("write" as const, "break" as const, "mend" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
        platform = manualPlatform();
        stored = createMemoryEvaluations();
        isBroken = false;
        const one = create();
        const sums = new Map<string, number>();
        for (const each of events) {
          if (each === "write") await one.write();
          else if (typeof each === "string") isBroken = each === "break";
          else {
            const [variant, count] = each;
            one.reported("production", report(["checkout", variant, count]));
            sums.set(variant ?? "", (sums.get(variant ?? "") ?? 0) + count);
          }
        }
        isBroken = false;
        await one.stop();
        const rows = await inStore();
        expect(new Map(rows.map(({ variant, count }) => [variant, count]))).toEqual(sums);
      }),
      { numRuns: 60 },
    );
  });
});

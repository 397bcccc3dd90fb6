import { beforeEach, describe, expect, it } from "vitest";
import {
  EVALUATION_COUNT_MAX,
  NO_VARIANT,
  type EvaluationRow,
  type EvaluationStore,
} from "../ports/evaluation-store.ts";

const HOUR_MS = 3_600_000;
const CHECKOUT = { flag: "checkout", environment: "production" };
const EVER = { from: 0, to: 1_000 * HOUR_MS };

const row = (more: Partial<EvaluationRow> = {}): EvaluationRow => ({
  ...CHECKOUT,
  hour: 0,
  variant: "on",
  count: 1,
  lastAt: 1,
  ...more,
});

/** What every store of evaluations does. */
export function evaluationStoreContract(name: string, open: () => Promise<EvaluationStore>): void {
  describe(`evaluations (${name})`, () => {
    let store: EvaluationStore;
    beforeEach(async () => {
      store = await open();
    });

    it("add up, whoever adds and in whatever order", async () => {
      const adds = [
        [row({ count: 3, lastAt: 20 }), row({ variant: "off", count: 2, lastAt: 20 })],
        [row({ hour: HOUR_MS, count: 1, lastAt: HOUR_MS + 1 })],
        [row({ count: 4, lastAt: 10 }), row({ variant: NO_VARIANT, count: 7, lastAt: 5 })],
      ];
      await Promise.all(adds.map((rows) => store.addEvaluations(rows)));
      await store.addEvaluations([]);
      expect(await store.evaluations(CHECKOUT, EVER)).toEqual([
        row({ variant: NO_VARIANT, count: 7, lastAt: 5 }),
        row({ variant: "off", count: 2, lastAt: 20 }),
        row({ count: 7, lastAt: 20 }),
        row({ hour: HOUR_MS, count: 1, lastAt: HOUR_MS + 1 }),
      ]);
    });

    it("are apart by flag, environment and hour", async () => {
      const others = [row({ flag: "other" }), row({ environment: "staging" }), row({ hour: 2 * HOUR_MS })];
      await store.addEvaluations([row(), ...others]);
      expect(await store.evaluations(CHECKOUT, { from: 0, to: 2 * HOUR_MS })).toEqual([row()]);
      expect(await store.evaluations(CHECKOUT, { from: 1, to: 2 * HOUR_MS + 1 })).toEqual([others[2]]);
      expect(await store.evaluations({ flag: "it's", environment: "production" }, EVER)).toEqual([]);
    });

    it("never count beyond what can be told apart", async () => {
      for (let time = 0; time < 3; time++) await store.addEvaluations([row({ count: EVALUATION_COUNT_MAX })]);
      expect(await store.evaluations(CHECKOUT, EVER)).toEqual([row({ count: EVALUATION_COUNT_MAX })]);
    });

    it("tell when each flag was last asked for, in the order of the question", async () => {
      await store.addEvaluations([
        row({ lastAt: 9 }),
        row({ hour: HOUR_MS, variant: "off", lastAt: HOUR_MS + 7 }),
        row({ hour: HOUR_MS, variant: "on", lastAt: HOUR_MS + 3 }),
        row({ environment: "staging", lastAt: 5 }),
      ]);
      const asked = [{ ...CHECKOUT, environment: "staging" }, { ...CHECKOUT, flag: 'no "such" flag' }, CHECKOUT];
      expect(await store.lastEvaluations(asked)).toEqual([5, undefined, HOUR_MS + 7]);
      expect(await store.lastEvaluations([])).toEqual([]);
    });

    it("of old hours are taken away a piece at a time", async () => {
      const old = ["a", "b", "c"].map((variant) => row({ variant }));
      await store.addEvaluations([...old, row({ hour: HOUR_MS })]);
      expect(await store.pruneEvaluations(HOUR_MS, 2)).toBe(2);
      expect(await store.pruneEvaluations(HOUR_MS, 2)).toBe(1);
      expect(await store.pruneEvaluations(HOUR_MS, 2)).toBe(0);
      expect(await store.evaluations(CHECKOUT, EVER)).toEqual([row({ hour: HOUR_MS })]);
    });
  });
}

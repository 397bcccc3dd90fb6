import { addedUp } from "../domain/evaluations.ts";
import type { EvaluationRow, EvaluationStore } from "../ports/evaluation-store.ts";

/** Evaluations in memory: for tests, and for a server that is to forget. */
export function createMemoryEvaluations(): EvaluationStore {
  let held = new Map<string, EvaluationRow>();
  const rowsOf = (of: Pick<EvaluationRow, "flag" | "environment">): readonly EvaluationRow[] =>
    [...held.values()].filter(({ flag, environment }) => flag === of.flag && environment === of.environment);
  return {
    addEvaluations: async (rows) => void (held = addedUp(held.values(), rows)),
    evaluations: async (of, { from, to }) =>
      rowsOf(of)
        .filter(({ hour }) => hour >= from && hour < to)
        .toSorted((a, b) => a.hour - b.hour || (a.variant < b.variant ? -1 : 1)),
    lastEvaluations: async (flags) =>
      flags.map((of) => {
        const all = rowsOf(of).map(({ lastAt }) => lastAt);
        return all.length === 0 ? undefined : Math.max(...all);
      }),
    async pruneEvaluations(before, limit) {
      const old = [...held].filter(([, { hour }]) => hour < before).slice(0, limit);
      for (const [key] of old) held.delete(key);
      return old.length;
    },
  };
}

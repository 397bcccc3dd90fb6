import { EVALUATION_COUNT_MAX, type EvaluationRow, type EvaluationStore } from "../ports/evaluation-store.ts";

/** Evaluations in memory: for tests, and for a server that is to forget. */
export function createMemoryEvaluations(): EvaluationStore {
  const held = new Map<string, EvaluationRow>();
  const keyOf = ({ flag, environment, hour, variant }: EvaluationRow): string =>
    JSON.stringify([flag, environment, hour, variant]);
  const rowsOf = (of: Pick<EvaluationRow, "flag" | "environment">): readonly EvaluationRow[] =>
    [...held.values()].filter(({ flag, environment }) => flag === of.flag && environment === of.environment);
  return {
    async addEvaluations(rows) {
      for (const row of rows) {
        const { count, lastAt } = held.get(keyOf(row)) ?? { count: 0, lastAt: 0 };
        held.set(keyOf(row), {
          ...row,
          count: Math.min(count + row.count, EVALUATION_COUNT_MAX),
          lastAt: Math.max(lastAt, row.lastAt),
        });
      }
    },
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

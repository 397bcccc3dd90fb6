import { EVALUATION_COUNT_MAX, type EvaluationRow, type EvaluationStore } from "../../ports/evaluation-store.ts";
import type { Session } from "./session.ts";
import type { Writer } from "./writer.ts";

const COLUMNS = "flag, environment, hour, variant, count, last_at AS lastAt";

/** Evaluations in a table, written through the queue of all writes. */
export function createSqliteEvaluations({
  session: { db },
  writer,
}: {
  readonly session: Session;
  readonly writer: Writer;
}): EvaluationStore {
  const add = db.prepare<EvaluationRow>(`
    INSERT INTO evaluations (flag, environment, hour, variant, count, last_at)
    VALUES (@flag, @environment, @hour, @variant, @count, @lastAt)
    ON CONFLICT (flag, environment, hour, variant) DO UPDATE
    SET count = min(count + excluded.count, ${EVALUATION_COUNT_MAX}), last_at = max(last_at, excluded.last_at)`);
  const ofFlag = db.prepare<[string, string, number, number], EvaluationRow>(
    `SELECT ${COLUMNS} FROM evaluations WHERE flag = ? AND environment = ? AND hour >= ? AND hour < ? ORDER BY hour, variant`,
  );
  // Along the primary key, and so a look at the last hour alone.
  const last = db
    .prepare<[string, string], number>(
      "SELECT last_at FROM evaluations WHERE flag = ? AND environment = ? ORDER BY hour DESC, last_at DESC LIMIT 1",
    )
    .pluck();
  const prune = db.prepare<[number, number]>(
    "DELETE FROM evaluations WHERE (flag, environment, hour, variant) IN (SELECT flag, environment, hour, variant FROM evaluations WHERE hour < ? LIMIT ?)",
  );
  return {
    addEvaluations: (rows) => writer.write(false, () => rows.forEach((row) => void add.run(row))),
    evaluations: async ({ flag, environment }, { from, to }) => ofFlag.all(flag, environment, from, to),
    lastEvaluations: async (flags) => flags.map(({ flag, environment }) => last.get(flag, environment)),
    pruneEvaluations: (before, limit) => writer.write(false, () => prune.run(before, limit).changes),
  };
}

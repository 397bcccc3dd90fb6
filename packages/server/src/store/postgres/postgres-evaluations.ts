import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import { EVALUATION_COUNT_MAX, type EvaluationRow, type EvaluationStore } from "../../ports/evaluation-store.ts";
import type { Pool } from "./pool.ts";
import { evaluations } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Evaluations in a table that all servers add to. */
export function createPostgresEvaluations({
  pool,
  writer,
}: {
  readonly pool: Pool;
  readonly writer: Writer;
}): EvaluationStore {
  return {
    async addEvaluations(rows) {
      if (rows.length === 0) return;
      await writer.plain(async (tx) => {
        await tx
          .insert(evaluations)
          // In one order everywhere: two servers can't wait for each other's rows.
          .values(rows.toSorted(byKey))
          .onConflictDoUpdate({
            target: [evaluations.flag, evaluations.environment, evaluations.hour, evaluations.variant],
            set: {
              count: sql`least(${evaluations.count} + excluded.count, ${sql.raw(String(EVALUATION_COUNT_MAX))})`,
              lastAt: sql`greatest(${evaluations.lastAt}, excluded.last_at)`,
            },
          });
      });
    },
    evaluations: ({ flag, environment }, { from, to }) =>
      pool.run((session) =>
        session
          .select()
          .from(evaluations)
          .where(
            and(
              eq(evaluations.flag, flag),
              eq(evaluations.environment, environment),
              gte(evaluations.hour, from),
              lt(evaluations.hour, to),
            ),
          )
          .orderBy(asc(evaluations.hour), asc(evaluations.variant)),
      ),
    async lastEvaluations(flags) {
      if (flags.length === 0) return [];
      const asked = JSON.stringify(flags.map(({ flag, environment }) => [flag, environment]));
      const rows = await pool.run((session) =>
        session.execute<{ last_at: string | null }>(sql`
          SELECT (
            SELECT last_at FROM rampart.evaluations
            WHERE flag = asked.pair->>0 AND environment = asked.pair->>1
            ORDER BY hour DESC, last_at DESC LIMIT 1
          ) AS last_at
          FROM json_array_elements(${asked}::json) WITH ORDINALITY AS asked (pair, place)
          ORDER BY place`),
      );
      return rows.map(({ last_at: at }) => (at === null ? undefined : Number(at)));
    },
    pruneEvaluations: (before, limit) =>
      writer.plain(async (tx) => {
        const gone = await tx.execute(sql`
          DELETE FROM rampart.evaluations WHERE ctid IN (
            SELECT ctid FROM rampart.evaluations WHERE hour < ${before} LIMIT ${limit} FOR UPDATE SKIP LOCKED
          ) RETURNING 1`);
        return gone.length;
      }),
  };
}

function byKey(a: EvaluationRow, b: EvaluationRow): number {
  const [left, right] = [a, b].map(({ flag, environment, hour, variant }) =>
    [flag, environment, hour, variant].join("\n"),
  );
  return (left ?? "") < (right ?? "") ? -1 : 1;
}

import { and, asc, eq, gt, lte, not, or, sql } from "drizzle-orm";
import { BATCHES_KEPT_MS, BATCHES_READ_MAX, type ReportLog } from "../../ports/report-log.ts";
import type { Pool } from "./pool.ts";
import { reportBatches } from "./schema.ts";

/** Reports are kept by the database's clock: servers' own need not agree. */
const TOO_OLD = sql`clock_timestamp() - ${`${BATCHES_KEPT_MS} milliseconds`}::interval`;

const { instance, seq, body, savedAt, ordinal } = reportBatches;

/** The reports that servers leave for each other, in a table. */
export function createPostgresReportLog(pool: Pool): ReportLog {
  return {
    async append(batch) {
      const row = { instance: batch.instance, seq: batch.seq, body: Buffer.from(batch.body) };
      await pool.run(async (session) => {
        await session.insert(reportBatches).values(row).onConflictDoNothing();
        await session.delete(reportBatches).where(lte(savedAt, TOO_OLD));
      });
    },
    since: (known) =>
      pool.run((session) => {
        const taken = [...known].map(([of, upTo]) => and(eq(instance, of), lte(seq, upTo)));
        return session
          .select({ instance, seq, body })
          .from(reportBatches)
          .where(and(gt(savedAt, TOO_OLD), ...(taken.length === 0 ? [] : [not(or(...taken) ?? sql`false`)])))
          .orderBy(asc(ordinal))
          .limit(BATCHES_READ_MAX);
      }),
  };
}

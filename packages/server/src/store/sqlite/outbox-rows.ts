import { and, asc, desc, eq, gt, lte, notInArray, sql, type SQL } from "drizzle-orm";
import { EVENTS_ONLY_TOLD } from "../../domain/notify/incident.ts";
import type { OutboxMessage, OutboxRow, RolloutStore } from "../../ports/rollout-store.ts";
import { outbox } from "./schema.ts";
import type { Session } from "./session.ts";

type Failure = Parameters<RolloutStore["outboxFailed"]>[1];

/** Messages on their way out. */
export class OutboxRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  add(message: OutboxMessage): void {
    const { channel, rolloutId, createdAt } = message;
    const isBefore = and(
      eq(outbox.status, "waiting"),
      eq(outbox.channel, channel),
      eq(outbox.rolloutId, rolloutId),
      gt(outbox.dueAt, createdAt),
    );
    this.#orm.update(outbox).set({ dueAt: createdAt }).where(isBefore).run();
    this.#orm
      .insert(outbox)
      .values({ ...message, status: "waiting", attempts: 0, dueAt: message.createdAt })
      .run();
  }

  due(now: number, limit: number, except: readonly string[]): readonly OutboxRow[] {
    const isOldest = sql`${outbox}.rowid = (SELECT min(one.rowid) FROM outbox AS one WHERE one.status = 'waiting' AND one.channel = ${outbox.channel} AND one.rollout_id = ${outbox.rolloutId} AND ${isOnlyTold("one")} = ${isOnlyTold("outbox")})`;
    return this.#orm
      .select()
      .from(outbox)
      .where(
        and(eq(outbox.status, "waiting"), lte(outbox.dueAt, now), notInArray(outbox.channel, [...except]), isOldest),
      )
      .orderBy(asc(isOnlyTold("outbox")), asc(outbox.dueAt), asc(sql`rowid`))
      .limit(limit)
      .all()
      .map(rowOf);
  }

  list({ status, limit }: { readonly status?: OutboxRow["status"]; readonly limit: number }): readonly OutboxRow[] {
    return this.#orm
      .select()
      .from(outbox)
      .where(status === undefined ? undefined : eq(outbox.status, status))
      .orderBy(desc(outbox.createdAt), desc(sql`rowid`))
      .limit(limit)
      .all()
      .map(rowOf);
  }

  sent(key: string): void {
    this.#orm.update(outbox).set({ status: "sent" }).where(eq(outbox.key, key)).run();
  }

  /** Gives how many. */
  resend({ key, channel }: { readonly key?: string; readonly channel?: string }, dueAt: number): number {
    const isMeant = and(
      eq(outbox.status, "dead"),
      key === undefined ? undefined : eq(outbox.key, key),
      channel === undefined ? undefined : eq(outbox.channel, channel),
    );
    return this.#orm.update(outbox).set({ status: "waiting", attempts: 0, dueAt }).where(isMeant).run().changes;
  }

  /** Takes away messages that are done with. Gives how many. */
  prune(before: number, limit: number): number {
    const { changes } = this.#orm.run(
      sql`DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox WHERE status <> 'waiting' AND created_at < ${before} LIMIT ${limit})`,
    );
    return changes;
  }

  failed(key: string, { error, dueAt, dead }: Failure): void {
    this.#orm
      .update(outbox)
      .set({ status: dead ? "dead" : "waiting", attempts: sql`${outbox.attempts} + 1`, dueAt, lastError: error })
      .where(eq(outbox.key, key))
      .run();
  }
}

function rowOf({ lastError, ...row }: typeof outbox.$inferSelect): OutboxRow {
  return { ...row, ...(lastError === null ? {} : { lastError }) };
}

/** Whether a message opens and ends no incident. */
const isOnlyTold = (table: "outbox" | "one"): SQL =>
  sql`(json_extract(${sql.raw(table)}.notify, '$.event') IN (${sql.join(
    EVENTS_ONLY_TOLD.map((event) => sql`${event}`),
    sql`, `,
  )}))`;

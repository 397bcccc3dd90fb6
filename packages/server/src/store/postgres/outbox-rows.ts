import { and, asc, desc, eq, gt, lte, notInArray, sql, type SQL } from "drizzle-orm";
import { EVENTS_ONLY_TOLD } from "../../domain/notify/incident.ts";
import type { OutboxMessage, OutboxRow, RolloutStore } from "../../ports/rollout-store.ts";
import { outbox } from "./schema.ts";
import type { Session } from "./session.ts";

type Failure = Parameters<RolloutStore["outboxFailed"]>[1];

/** Messages on their way out. */
export class OutboxRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  async add(message: OutboxMessage): Promise<void> {
    const { channel, rolloutId, createdAt } = message;
    const isBefore = and(
      eq(outbox.status, "waiting"),
      eq(outbox.channel, channel),
      eq(outbox.rolloutId, rolloutId),
      gt(outbox.dueAt, createdAt),
    );
    await this.#orm.update(outbox).set({ dueAt: createdAt }).where(isBefore);
    await this.#orm.insert(outbox).values({ ...message, status: "waiting", attempts: 0, dueAt: createdAt });
  }

  async due(now: number, limit: number, except: readonly string[]): Promise<readonly OutboxRow[]> {
    const isOldest = sql`${outbox.ordinal} = (SELECT min(one.ordinal) FROM ${outbox} AS one WHERE one.status = 'waiting' AND one.channel = ${outbox.channel} AND one.rollout_id = ${outbox.rolloutId} AND ${isOnlyTold("one")} = ${isOnlyTold("outbox")})`;
    const rows = await this.#orm
      .select()
      .from(outbox)
      .where(
        and(
          eq(outbox.status, "waiting"),
          lte(outbox.dueAt, now),
          except.length === 0 ? undefined : notInArray(outbox.channel, [...except]),
          isOldest,
        ),
      )
      .orderBy(asc(isOnlyTold("outbox")), asc(outbox.dueAt), asc(outbox.ordinal))
      .limit(limit);
    return rows.map(rowOf);
  }

  async list({
    status,
    limit,
  }: {
    readonly status?: OutboxRow["status"];
    readonly limit: number;
  }): Promise<readonly OutboxRow[]> {
    const rows = await this.#orm
      .select()
      .from(outbox)
      .where(status === undefined ? undefined : eq(outbox.status, status))
      .orderBy(desc(outbox.createdAt), desc(outbox.ordinal))
      .limit(limit);
    return rows.map(rowOf);
  }

  async sent(key: string): Promise<void> {
    await this.#orm.update(outbox).set({ status: "sent" }).where(eq(outbox.key, key));
  }

  /** Gives how many. */
  async resend({ key, channel }: { readonly key?: string; readonly channel?: string }, dueAt: number): Promise<number> {
    const isMeant = and(
      eq(outbox.status, "dead"),
      key === undefined ? undefined : eq(outbox.key, key),
      channel === undefined ? undefined : eq(outbox.channel, channel),
    );
    const again = { status: "waiting", attempts: 0, dueAt } as const;
    return (await this.#orm.update(outbox).set(again).where(isMeant).returning({ key: outbox.key })).length;
  }

  /** Takes away messages that are done with. Gives how many. */
  async prune(before: number, limit: number): Promise<number> {
    const { count } = await this.#orm.execute(
      sql`DELETE FROM ${outbox} WHERE key IN (SELECT key FROM ${outbox} WHERE status <> 'waiting' AND created_at < ${before} LIMIT ${limit})`,
    );
    return count;
  }

  async failed(key: string, { error, dueAt, dead }: Failure): Promise<void> {
    await this.#orm
      .update(outbox)
      .set({
        status: dead ? "dead" : "waiting",
        attempts: sql`${outbox.attempts} + 1`,
        dueAt,
        // The one character that PostgreSQL keeps in no text.
        lastError: error.replaceAll("\0", "\ufffd"),
      })
      .where(eq(outbox.key, key));
  }
}

function rowOf({ ordinal: _, lastError, ...row }: typeof outbox.$inferSelect): OutboxRow {
  return { ...row, ...(lastError === null ? {} : { lastError }) };
}

/** Whether a message opens and ends no incident. */
const isOnlyTold = (table: "outbox" | "one"): SQL =>
  sql`(${sql.raw(table)}.notify ->> 'event' IN (${sql.join(
    EVENTS_ONLY_TOLD.map((event) => sql`${event}`),
    sql`, `,
  )}))`;

import { and, asc, desc, eq, gt, isNotNull, isNull, max, sql } from "drizzle-orm";
import type { Evidence, RolloutRecord } from "../../domain/rollout/effect.ts";
import type { RolloutEvent } from "../../domain/rollout/event.ts";
import type { LoggedEvent, LoggedRecord, RolloutCommit, RolloutRow, RolloutStore } from "../../ports/rollout-store.ts";
import { SAMPLING_EVENTS } from "../limits.ts";
import { rolloutEvents, rolloutEvidence, rolloutRecords, rollouts } from "./schema.ts";
import type { Session } from "./session.ts";

type Filter = Parameters<RolloutStore["rollouts"]>[0];

/** Rollouts with their log, their story and their evidence. */
export class RolloutRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  async get(id: string): Promise<RolloutRow | undefined> {
    const [row] = await this.#orm.select().from(rollouts).where(eq(rollouts.id, id));
    return row && rowOf(row);
  }

  /** As `get`; nobody else takes a step of it until the transaction ends. */
  async hold(id: string): Promise<RolloutRow | undefined> {
    const [row] = await this.#orm.select().from(rollouts).where(eq(rollouts.id, id)).for("update");
    return row && rowOf(row);
  }

  /** The rollout that has not ended on a flag. */
  async openOn(environment: string, flag: string): Promise<string | undefined> {
    const [row] = await this.#orm
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(and(eq(rollouts.environment, environment), eq(rollouts.flag, flag), isNull(rollouts.endedAt)));
    return row?.id;
  }

  async list({ active, due, flag, environment, limit }: Filter): Promise<readonly RolloutRow[]> {
    const rows = await this.#orm
      .select()
      .from(rollouts)
      .where(
        and(
          active ? isNull(rollouts.endedAt) : undefined,
          due ? isNotNull(rollouts.dueAt) : undefined,
          flag === undefined ? undefined : eq(rollouts.flag, flag),
          environment === undefined ? undefined : eq(rollouts.environment, environment),
        ),
      )
      .orderBy(desc(rollouts.createdAt), desc(rollouts.ordinal))
      .limit(limit);
    return rows.map(rowOf);
  }

  async insert(row: RolloutRow): Promise<void> {
    await this.#orm.insert(rollouts).values(row);
  }

  async update(row: RolloutRow, { state, planDigest, endedAt, dueAt }: RolloutCommit, seq: number): Promise<void> {
    await this.#orm
      .update(rollouts)
      .set({ state, seq, planDigest: planDigest ?? row.planDigest, endedAt: endedAt ?? null, dueAt: dueAt ?? null })
      .where(eq(rollouts.id, row.id));
  }

  async addEvents(rolloutId: string, after: number, events: readonly RolloutEvent[]): Promise<void> {
    if (events.length === 0) return;
    const rows = events.map((event, index) => ({ rolloutId, seq: after + 1 + index, event }));
    await this.#orm.insert(rolloutEvents).values(rows);
  }

  async addRecords(rolloutId: string, seq: number, records: readonly RolloutRecord[]): Promise<void> {
    if (records.length === 0) return;
    const first = (await this.#last(rolloutId, rolloutRecords)) + 1;
    const rows = records.map((record, index) => ({ rolloutId, id: first + index, seq, record }));
    await this.#orm.insert(rolloutRecords).values(rows);
  }

  async addEvidence(rolloutId: string, seq: number, evidence: readonly Evidence[]): Promise<void> {
    if (evidence.length === 0) return;
    const first = (await this.#last(rolloutId, rolloutEvidence)) + 1;
    const rows = evidence.map((one, index) => ({ rolloutId, id: first + index, seq, evidence: one }));
    await this.#orm.insert(rolloutEvidence).values(rows);
  }

  events(rolloutId: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    const { seq, event } = rolloutEvents;
    return this.#orm
      .select({ seq, event })
      .from(rolloutEvents)
      .where(and(eq(rolloutEvents.rolloutId, rolloutId), gt(seq, after)))
      .orderBy(asc(seq))
      .limit(limit);
  }

  records(rolloutId: string, after: number, limit: number): Promise<readonly LoggedRecord[]> {
    const { id, seq, record } = rolloutRecords;
    return this.#orm
      .select({ id, seq, record })
      .from(rolloutRecords)
      .where(and(eq(rolloutRecords.rolloutId, rolloutId), gt(id, after)))
      .orderBy(asc(id))
      .limit(limit);
  }

  async evidence(rolloutId: string): Promise<readonly Evidence[]> {
    const rows = await this.#orm
      .select({ evidence: rolloutEvidence.evidence })
      .from(rolloutEvidence)
      .where(eq(rolloutEvidence.rolloutId, rolloutId))
      .orderBy(asc(rolloutEvidence.id));
    return rows.map((row) => row.evidence);
  }

  /**
   * Takes the samplings out of the logs of rollouts that are over, and says where such a log begins from then on. Gives how many; a
   * rollout that is begun is finished by the rounds that follow. `pruned_seq` keeps those that are done with from being looked at again.
   */
  async prune(before: number, limit: number): Promise<number> {
    let left = limit;
    for (let looked = 0; looked < PRUNED_A_ROUND_MAX && left > 0; looked += 1) {
      const [over] = await this.#orm.execute<{ id: string }>(
        sql`SELECT id FROM ${rollouts} WHERE ended_at < ${before} AND due_at IS NULL AND pruned_seq IS DISTINCT FROM seq LIMIT 1 FOR UPDATE`,
      );
      if (over === undefined) break;
      const dropped = await this.#dropSamplings(over.id, left);
      if (dropped < left) await this.#orm.execute(sql`UPDATE ${rollouts} SET pruned_seq = seq WHERE id = ${over.id}`);
      left -= dropped;
    }
    return limit - left;
  }

  async #dropSamplings(id: string, limit: number): Promise<number> {
    const { count } = await this.#orm.execute(
      sql`DELETE FROM ${rolloutEvents} WHERE rollout_id = ${id} AND seq IN (
            SELECT seq FROM ${rolloutEvents} WHERE rollout_id = ${id} AND ${IS_SAMPLING} LIMIT ${limit})`,
    );
    if (count > 0)
      await this.#orm.execute(
        sql`UPDATE ${rollouts} SET log_base = json_build_object('seq', seq, 'state', state) WHERE id = ${id}`,
      );
    return count;
  }

  async #last(rolloutId: string, table: typeof rolloutRecords | typeof rolloutEvidence): Promise<number> {
    const [row] = await this.#orm
      .select({ last: max(table.id) })
      .from(table)
      .where(eq(table.rolloutId, rolloutId));
    return row?.last ?? 0;
  }
}

/** Rollouts that one round looks at: most have nothing left to prune. */
const PRUNED_A_ROUND_MAX = 100;

/** What comes by itself, every few seconds. */
const IS_SAMPLING = sql.raw(`event ->> 'kind' IN (${SAMPLING_EVENTS.map((kind) => `'${kind}'`).join(", ")})`);

function rowOf({
  ordinal: _,
  endedAt,
  dueAt,
  logBase,
  prunedSeq: __,
  ...row
}: typeof rollouts.$inferSelect): RolloutRow {
  return {
    ...row,
    ...(endedAt === null ? {} : { endedAt }),
    ...(dueAt === null ? {} : { dueAt }),
    ...(logBase === null ? {} : { logBase }),
  };
}

import { and, desc, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import type { Evidence, RolloutRecord } from "../../domain/rollout/effect.ts";
import type { RolloutEvent } from "../../domain/rollout/event.ts";
import type { LoggedEvent, LoggedRecord, RolloutCommit, RolloutRow, RolloutStore } from "../../ports/rollout-store.ts";
import { SAMPLING_EVENTS } from "../limits.ts";
import { rolloutEvents, rolloutEvidence, rolloutRecords, rollouts } from "./schema.ts";
import type { Session } from "./session.ts";

type Filter = Parameters<RolloutStore["rollouts"]>[0];

/** Rollouts with their log, their story and their evidence. */
export class RolloutRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  get(id: string): RolloutRow | undefined {
    const row = this.#orm.select().from(rollouts).where(eq(rollouts.id, id)).get();
    return row === undefined ? undefined : rowOf(row);
  }

  /** The rollout that has not ended on a flag. */
  openOn(environment: string, flag: string): string | undefined {
    return this.#orm
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(and(eq(rollouts.environment, environment), eq(rollouts.flag, flag), isNull(rollouts.endedAt)))
      .get()?.id;
  }

  list({ active, due, flag, environment, limit }: Filter): readonly RolloutRow[] {
    return this.#orm
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
      .orderBy(desc(rollouts.createdAt), desc(sql`rowid`))
      .limit(limit)
      .all()
      .map(rowOf);
  }

  insert(row: RolloutRow): void {
    this.#orm.insert(rollouts).values(row).run();
  }

  update(row: RolloutRow, { state, planDigest, endedAt, dueAt }: RolloutCommit, seq: number): void {
    this.#orm
      .update(rollouts)
      .set({ state, seq, planDigest: planDigest ?? row.planDigest, endedAt: endedAt ?? null, dueAt: dueAt ?? null })
      .where(eq(rollouts.id, row.id))
      .run();
  }

  addEvents(rolloutId: string, after: number, events: readonly RolloutEvent[]): void {
    events.forEach((event, index) => {
      this.#orm
        .insert(rolloutEvents)
        .values({ rolloutId, seq: after + 1 + index, event })
        .run();
    });
  }

  addRecords(rolloutId: string, seq: number, records: readonly RolloutRecord[]): void {
    if (records.length === 0) return;
    const first = this.#count(rolloutId, rolloutRecords) + 1;
    records.forEach((record, index) => {
      this.#orm
        .insert(rolloutRecords)
        .values({ rolloutId, id: first + index, seq, record })
        .run();
    });
  }

  addEvidence(rolloutId: string, seq: number, evidence: readonly Evidence[]): void {
    if (evidence.length === 0) return;
    const first = this.#count(rolloutId, rolloutEvidence) + 1;
    evidence.forEach((one, index) => {
      this.#orm
        .insert(rolloutEvidence)
        .values({ rolloutId, id: first + index, seq, evidence: one })
        .run();
    });
  }

  events(rolloutId: string, after: number, limit: number): readonly LoggedEvent[] {
    const { seq, event } = rolloutEvents;
    return this.#orm
      .select({ seq, event })
      .from(rolloutEvents)
      .where(and(eq(rolloutEvents.rolloutId, rolloutId), gt(seq, after)))
      .orderBy(seq)
      .limit(limit)
      .all();
  }

  records(rolloutId: string, after: number, limit: number): readonly LoggedRecord[] {
    const { id, seq, record } = rolloutRecords;
    return this.#orm
      .select({ id, seq, record })
      .from(rolloutRecords)
      .where(and(eq(rolloutRecords.rolloutId, rolloutId), gt(id, after)))
      .orderBy(id)
      .limit(limit)
      .all();
  }

  evidence(rolloutId: string): readonly Evidence[] {
    return this.#orm
      .select({ evidence: rolloutEvidence.evidence })
      .from(rolloutEvidence)
      .where(eq(rolloutEvidence.rolloutId, rolloutId))
      .orderBy(rolloutEvidence.id)
      .all()
      .map((row) => row.evidence);
  }

  /**
   * Takes the samplings out of the logs of rollouts that are over, and says where such a log begins from then on. Gives how many; a
   * rollout that is begun is finished by the rounds that follow. `pruned_seq` keeps those that are done with from being looked at again.
   */
  prune(before: number, limit: number): number {
    let left = limit;
    for (let looked = 0; looked < PRUNED_A_ROUND_MAX && left > 0; looked += 1) {
      const over = this.#orm.get<{ readonly id: string } | undefined>(
        sql`SELECT id FROM rollouts WHERE ended_at < ${before} AND due_at IS NULL AND pruned_seq IS NOT seq LIMIT 1`,
      );
      if (over === undefined) break;
      const dropped = this.#dropSamplings(over.id, left);
      if (dropped < left) this.#orm.run(sql`UPDATE rollouts SET pruned_seq = seq WHERE id = ${over.id}`);
      left -= dropped;
    }
    return limit - left;
  }

  #dropSamplings(id: string, limit: number): number {
    const { changes } = this.#orm.run(
      sql`DELETE FROM rollout_events WHERE rollout_id = ${id} AND seq IN (
            SELECT seq FROM rollout_events WHERE rollout_id = ${id} AND ${IS_SAMPLING} LIMIT ${limit})`,
    );
    if (changes > 0)
      this.#orm.run(sql`UPDATE rollouts SET log_base = json_object('seq', seq, 'state', json(state)) WHERE id = ${id}`);
    return changes;
  }

  #count(rolloutId: string, table: typeof rolloutRecords | typeof rolloutEvidence): number {
    return (
      this.#orm
        .select({ last: sql<number | null>`max(id)` })
        .from(table)
        .where(eq(table.rolloutId, rolloutId))
        .get()?.last ?? 0
    );
  }
}

/** Rollouts that one round looks at: most have nothing left to prune. */
const PRUNED_A_ROUND_MAX = 100;

/** What comes by itself, every few seconds. */
const IS_SAMPLING = sql.raw(
  `json_extract(event, '$.kind') IN (${SAMPLING_EVENTS.map((kind) => `'${kind}'`).join(", ")})`,
);

function rowOf({ endedAt, dueAt, logBase, prunedSeq: _, ...row }: typeof rollouts.$inferSelect): RolloutRow {
  return {
    ...row,
    ...(endedAt === null ? {} : { endedAt }),
    ...(dueAt === null ? {} : { dueAt }),
    ...(logBase === null ? {} : { logBase }),
  };
}

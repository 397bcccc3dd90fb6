import { and, asc, count, eq, gt, lte, max, sql } from "drizzle-orm";
import type { ChangeMeta, EnvironmentRecord } from "../../ports/store.ts";
import type { Item } from "../changes.ts";
import { CHANGE_LOG_REVISIONS_MAX } from "../limits.ts";
import { changes, environments } from "./schema.ts";
import type { Session } from "./session.ts";

/** One item of a stretch of the change log, its lines put together. */
export interface ChangedItem extends Item {
  readonly urgent: boolean;
  readonly lines: number;
}

/** The channel on which servers hear that an environment has a new revision. */
export const CHANGES = "rampart_changes";

const { key, epoch, revision } = environments;
const RECORD = { key, epoch, revision };

/** Environments, their revisions, and the change log. */
export class EnvironmentRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  all(): Promise<readonly EnvironmentRecord[]> {
    return this.#orm.select(RECORD).from(environments).orderBy(asc(environments.position));
  }

  async get(environment: string): Promise<EnvironmentRecord | undefined> {
    const [row] = await this.#orm.select(RECORD).from(environments).where(eq(key, environment));
    return row;
  }

  async insert(rows: readonly { readonly key: string; readonly epoch: string }[]): Promise<void> {
    await this.#orm.insert(environments).values(rows.map((row, position) => ({ ...row, position, revision: 0 })));
  }

  async setEpoch(environment: string, next: string): Promise<void> {
    await this.#orm.update(environments).set({ epoch: next }).where(eq(key, environment));
  }

  /** The next revision, with its line in the change log. The environment is locked until the transaction ends. */
  async advance(environment: string, item: Item, meta: ChangeMeta): Promise<number> {
    const [row] = await this.#orm
      .update(environments)
      .set({ revision: sql`${revision} + 1` })
      .where(eq(key, environment))
      .returning({ revision });
    if (row === undefined) throw new Error(`there is no environment ${JSON.stringify(environment)} to advance`);
    // Sent when the transaction is committed, once however often it says so.
    await this.#orm.execute(sql`SELECT pg_notify(${CHANGES}, ${environment})`);
    await this.#orm
      .insert(changes)
      .values({ environment, revision: row.revision, ...item, urgent: meta.urgent === true, at: meta.at });
    const oldest = row.revision - CHANGE_LOG_REVISIONS_MAX;
    if (oldest > 0)
      await this.#orm.delete(changes).where(and(eq(changes.environment, environment), lte(changes.revision, oldest)));
    return row.revision;
  }

  /** What changed after a revision, flags before segments, by key. */
  changedSince(environment: string, from: number): Promise<readonly ChangedItem[]> {
    return this.#orm
      .select({
        kind: changes.kind,
        key: changes.key,
        urgent: sql<boolean>`bool_or(${changes.urgent})`,
        lines: count(),
      })
      .from(changes)
      .where(and(eq(changes.environment, environment), gt(changes.revision, from)))
      .groupBy(changes.kind, changes.key)
      .orderBy(asc(changes.kind), asc(changes.key));
  }

  async committedAt(environment: string, at: number): Promise<number> {
    const [row] = await this.#orm
      .select({ at: max(changes.at) })
      .from(changes)
      .where(and(eq(changes.environment, environment), eq(changes.revision, at)));
    return row?.at ?? 0;
  }
}

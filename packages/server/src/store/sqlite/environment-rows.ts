import type { Statement } from "better-sqlite3";
import { asc, eq, sql } from "drizzle-orm";
import type { ChangeMeta, EnvironmentRecord } from "../../ports/store.ts";
import { CHANGE_LOG_REVISIONS_MAX } from "../limits.ts";
import type { Item, ItemKind } from "../changes.ts";
import { environments } from "./schema.ts";
import type { Session } from "./session.ts";

/** One item of a stretch of the change log, its lines put together. */
export interface ChangedItem extends Item {
  readonly urgent: number;
  readonly lines: number;
}

/** Environments, their revisions, and the change log. */
export class EnvironmentRows {
  readonly #orm: Session["orm"];
  readonly #select: Statement<[string], EnvironmentRecord>;
  readonly #advance: Statement<[string], number>;
  readonly #log: Statement<[string, number, ItemKind, string, number, number]>;
  readonly #forget: Statement<[string, number]>;
  readonly #changed: Statement<[string, number], ChangedItem>;
  readonly #committedAt: Statement<[string, number], number>;

  constructor({ db, orm }: Session) {
    this.#orm = orm;
    this.#select = db.prepare("SELECT key, epoch, revision FROM environments WHERE key = ?");
    this.#advance = db
      .prepare<[string], number>("UPDATE environments SET revision = revision + 1 WHERE key = ? RETURNING revision")
      .pluck();
    this.#log = db.prepare(
      "INSERT INTO changes (environment, revision, kind, key, urgent, at) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#forget = db.prepare("DELETE FROM changes WHERE environment = ? AND revision <= ?");
    this.#changed = db.prepare(
      "SELECT kind, key, max(urgent) AS urgent, count(*) AS lines FROM changes WHERE environment = ? AND revision > ? GROUP BY kind, key ORDER BY kind, key",
    );
    this.#committedAt = db
      .prepare<[string, number], number>("SELECT at FROM changes WHERE environment = ? AND revision = ?")
      .pluck();
  }

  all(): readonly EnvironmentRecord[] {
    const { key, epoch, revision } = environments;
    return this.#orm.select({ key, epoch, revision }).from(environments).orderBy(asc(environments.position)).all();
  }

  get(key: string): EnvironmentRecord | undefined {
    return this.#select.get(key);
  }

  insert(rows: readonly { readonly key: string; readonly epoch: string }[]): void {
    this.#orm
      .insert(environments)
      .values(rows.map((row, position) => ({ ...row, position, revision: 0 })))
      .run();
  }

  setEpoch(key: string, epoch: string): void {
    this.#orm.update(environments).set({ epoch }).where(eq(environments.key, key)).run();
  }

  /** The next revision, with its line in the change log. */
  advance(environment: string, item: Item, meta: ChangeMeta): number {
    const revision = this.#advance.get(environment);
    if (revision === undefined) throw new Error(`there is no environment ${JSON.stringify(environment)} to advance`);
    this.#log.run(environment, revision, item.kind, item.key, meta.urgent === true ? 1 : 0, meta.at);
    if (revision > CHANGE_LOG_REVISIONS_MAX) this.#forget.run(environment, revision - CHANGE_LOG_REVISIONS_MAX);
    return revision;
  }

  /** What changed after a revision, flags before segments, by key. */
  changedSince(environment: string, from: number): readonly ChangedItem[] {
    return this.#changed.all(environment, from);
  }

  committedAt(environment: string, revision: number): number {
    return this.#committedAt.get(environment, revision) ?? 0;
  }

  count(): number {
    return (
      this.#orm
        .select({ count: sql<number>`count(*)` })
        .from(environments)
        .get()?.count ?? 0
    );
  }
}

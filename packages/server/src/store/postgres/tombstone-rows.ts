import { and, eq, sql } from "drizzle-orm";
import type { Item } from "../changes.ts";
import { tombstones } from "./schema.ts";
import type { Session } from "./session.ts";

/** Keys of what was deleted. */
export class TombstoneRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  async deletedAt(item: Item): Promise<number | undefined> {
    const [row] = await this.#orm.select().from(tombstones).where(isOf(item));
    return row?.deletedAt;
  }

  async set({ kind, key }: Item, deletedAt: number): Promise<void> {
    await this.#orm
      .insert(tombstones)
      .values({ kind, key, deletedAt })
      .onConflictDoUpdate({ target: [tombstones.kind, tombstones.key], set: { deletedAt: sql`excluded.deleted_at` } });
  }

  async clear(item: Item): Promise<void> {
    await this.#orm.delete(tombstones).where(isOf(item));
  }
}

const isOf = ({ kind, key }: Item) => and(eq(tombstones.kind, kind), eq(tombstones.key, key));

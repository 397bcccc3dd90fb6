import { and, eq, sql } from "drizzle-orm";
import type { Item } from "../changes.ts";
import { tombstones } from "./schema.ts";
import type { Session } from "./session.ts";

/** Keys of what was deleted. */
export class TombstoneRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  deletedAt({ kind, key }: Item): number | undefined {
    return this.#orm
      .select()
      .from(tombstones)
      .where(and(eq(tombstones.kind, kind), eq(tombstones.key, key)))
      .get()?.deletedAt;
  }

  set({ kind, key }: Item, deletedAt: number): void {
    this.#orm
      .insert(tombstones)
      .values({ kind, key, deletedAt })
      .onConflictDoUpdate({ target: [tombstones.kind, tombstones.key], set: { deletedAt: sql`excluded.deleted_at` } })
      .run();
  }

  clear({ kind, key }: Item): void {
    this.#orm
      .delete(tombstones)
      .where(and(eq(tombstones.kind, kind), eq(tombstones.key, key)))
      .run();
  }
}

import { and, gt, inArray, lt, ne } from "drizzle-orm";
import type { EpochMs } from "../../ports/store.ts";
import { receiptParts } from "./schema.ts";
import type { Session } from "./session.ts";

/** What one server wrote for the others of one urgent change. */
export type ReceiptRow = typeof receiptParts.$inferSelect;

/** Nobody waits for the receipts of a change for longer. */
const KEPT_MS = 10 * 60_000;

/** What the servers tell each other of who applied urgent changes. */
export class ReceiptRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  async save(row: ReceiptRow): Promise<void> {
    const { environment, revision, instance } = receiptParts;
    const { part, savedAt } = row;
    await this.#orm
      .insert(receiptParts)
      .values(row)
      .onConflictDoUpdate({ target: [environment, revision, instance], set: { part, savedAt } });
    await this.#orm.delete(receiptParts).where(lt(receiptParts.savedAt, savedAt - KEPT_MS));
  }

  /** Those of the others about changes that are waited for. */
  ofOthers(self: string, environments: readonly string[], now: EpochMs): Promise<readonly ReceiptRow[]> {
    const { instance, environment, savedAt } = receiptParts;
    return this.#orm
      .select()
      .from(receiptParts)
      .where(and(ne(instance, self), inArray(environment, [...environments]), gt(savedAt, now - KEPT_MS)));
  }
}

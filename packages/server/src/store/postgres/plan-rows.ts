import { and, desc, eq, max, sql } from "drizzle-orm";
import type { PlanFilter, PlanRecord } from "../../ports/rollout-store.ts";
import { plans } from "./schema.ts";
import type { Session } from "./session.ts";

/** Revisions of plans: only ever added. */
export class PlanRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  async get(digest: string): Promise<PlanRecord | undefined> {
    const [row] = await this.#orm.select().from(plans).where(eq(plans.digest, digest));
    return row && recordOf(row);
  }

  async list({ name, newest, limit }: PlanFilter): Promise<readonly PlanRecord[]> {
    const isNewest = sql`${plans.version} = (SELECT max(other.version) FROM ${plans} AS other WHERE other.name = ${plans.name})`;
    const rows = await this.#orm
      .select()
      .from(plans)
      .where(and(name === undefined ? undefined : eq(plans.name, name), newest ? isNewest : undefined))
      .orderBy(desc(plans.createdAt), desc(plans.ordinal))
      .limit(limit);
    return rows.map(recordOf);
  }

  /** As the next version of its name. Call it under the writer's lock. */
  async add(plan: Omit<PlanRecord, "version">): Promise<PlanRecord> {
    const [newest] = await this.#orm
      .select({ version: max(plans.version) })
      .from(plans)
      .where(eq(plans.name, plan.name));
    const record: PlanRecord = { ...plan, version: (newest?.version ?? 0) + 1 };
    await this.#orm.insert(plans).values(record);
    return record;
  }
}

const recordOf = ({ ordinal: _, ...record }: typeof plans.$inferSelect): PlanRecord => record;

import { and, desc, eq, sql } from "drizzle-orm";
import type { PlanFilter, PlanRecord } from "../../ports/rollout-store.ts";
import { plans } from "./schema.ts";
import type { Session } from "./session.ts";

/** Revisions of plans: only ever added. */
export class PlanRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  get(digest: string): PlanRecord | undefined {
    return this.#orm.select().from(plans).where(eq(plans.digest, digest)).get();
  }

  list({ name, newest, limit }: PlanFilter): readonly PlanRecord[] {
    const isNewest = sql`${plans.version} = (SELECT max(other.version) FROM plans AS other WHERE other.name = ${plans.name})`;
    return this.#orm
      .select()
      .from(plans)
      .where(and(name === undefined ? undefined : eq(plans.name, name), newest ? isNewest : undefined))
      .orderBy(desc(plans.createdAt), desc(sql`rowid`))
      .limit(limit)
      .all();
  }

  /** As the next version of its name. */
  add(plan: Omit<PlanRecord, "version">): PlanRecord {
    const newest = this.#orm
      .select({ version: sql<number | null>`max(version)` })
      .from(plans)
      .where(eq(plans.name, plan.name))
      .get();
    const record: PlanRecord = { ...plan, version: (newest?.version ?? 0) + 1 };
    this.#orm.insert(plans).values(record).run();
    return record;
  }
}

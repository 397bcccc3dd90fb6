import { and, eq, gt, lte, sql } from "drizzle-orm";
import { leases } from "./schema.ts";
import type { Session } from "./session.ts";

/** The lease of the server that evaluates. */
export const EVALUATOR = "evaluator";

const NOW = sql`clock_timestamp()`;
const { name, holder, fence, expiresAt } = leases;

/** What one server at a time may do, and until when by the database's clock. */
export class LeaseRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  /** Takes a lease that nobody has: its new fencing number; undefined: somebody has it. */
  async take(of: string, by: string, ttlMs: number): Promise<number | undefined> {
    const until = sql`${NOW} + ${`${ttlMs} milliseconds`}::interval`;
    const [row] = await this.#orm
      .insert(leases)
      .values({ name: of, holder: by, fence: 1, expiresAt: until })
      .onConflictDoUpdate({
        target: name,
        set: { holder: by, fence: sql`${fence} + 1`, expiresAt: until },
        setWhere: lte(expiresAt, NOW),
      })
      .returning({ fence });
    return row?.fence;
  }

  /** False: it is not this holder's any more. */
  async renew(of: string, held: number, ttlMs: number): Promise<boolean> {
    const until = sql`${NOW} + ${`${ttlMs} milliseconds`}::interval`;
    const renewed = await this.#orm
      .update(leases)
      .set({ expiresAt: until })
      .where(isValid(of, held))
      .returning({ fence });
    return renewed.length > 0;
  }

  /** The next one need not wait. */
  async giveBack(of: string, held: number): Promise<void> {
    await this.#orm.update(leases).set({ expiresAt: NOW }).where(isValid(of, held));
  }

  /** Ends the lease of a holder that is known to be gone. */
  async end(of: string, by: string): Promise<void> {
    await this.#orm
      .update(leases)
      .set({ expiresAt: NOW })
      .where(and(eq(name, of), eq(holder, by), gt(expiresAt, NOW)));
  }

  /** Whether a number is still good; if so nobody else gets the lease until the transaction ends. */
  async isHeld(of: string, held: number): Promise<boolean> {
    return (await this.#orm.select({ fence }).from(leases).where(isValid(of, held)).for("share")).length > 0;
  }

  /** Who has it. */
  async holder(of: string): Promise<string | undefined> {
    const [row] = await this.#orm
      .select({ holder })
      .from(leases)
      .where(and(eq(name, of), gt(expiresAt, NOW)));
    return row?.holder;
  }
}

const isValid = (of: string, held: number) => and(eq(name, of), eq(fence, held), gt(expiresAt, NOW));

import type { LeaseBook } from "../../ports/lease-book.ts";
import { EVALUATOR } from "./lease-rows.ts";
import type { Pool } from "./pool.ts";
import { Tables } from "./tables.ts";

/** The evaluator's lease as a row. */
export function createPostgresLeaseBook(pool: Pool): LeaseBook {
  const on = <T>(act: (leases: Tables["leases"]) => Promise<T>): Promise<T> =>
    pool.run((session) => act(new Tables(session).leases));
  return {
    take: (holder, ttlMs) => on((leases) => leases.take(EVALUATOR, holder, ttlMs)),
    renew: (fence, ttlMs) => on((leases) => leases.renew(EVALUATOR, fence, ttlMs)),
    giveBack: (fence) => on((leases) => leases.giveBack(EVALUATOR, fence)),
    end: (holder) => on((leases) => leases.end(EVALUATOR, holder)),
  };
}

import { eq } from "drizzle-orm";
import type { DrillBook } from "../../ports/drill-book.ts";
import type { Pool } from "./pool.ts";
import { drills } from "./schema.ts";

/** Drills in a table: the server that evaluates sees the breach that another one was asked for. */
export function createPostgresDrills(pool: Pool): DrillBook {
  return {
    breach: (environment, breachedAt) =>
      pool.run(async (session) => {
        await session
          .insert(drills)
          .values({ environment, breachedAt })
          .onConflictDoUpdate({ target: drills.environment, set: { breachedAt } });
      }),
    calm: (environment) =>
      pool.run(async (session) => {
        await session.delete(drills).where(eq(drills.environment, environment));
      }),
    breachedAt: (environment) =>
      pool.run(async (session) => {
        const [row] = await session.select().from(drills).where(eq(drills.environment, environment));
        return row?.breachedAt;
      }),
  };
}

import { asc, inArray } from "drizzle-orm";
import type { CheckpointStore } from "../../ports/checkpoint-store.ts";
import { EVALUATOR, LeaseRows } from "./lease-rows.ts";
import type { Pool } from "./pool.ts";
import { checkpoints } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Checkpoints in a table. */
export function createPostgresCheckpoints({
  pool,
  writer,
}: {
  readonly pool: Pool;
  readonly writer: Writer;
}): CheckpointStore {
  return {
    saveCheckpoint: ({ key, body, savedAt }, fence) => {
      const rest = { body: Buffer.from(body), savedAt };
      return writer.plain(async (tx) => {
        if (fence !== undefined && !(await new LeaseRows(tx).isHeld(EVALUATOR, fence))) return;
        await tx
          .insert(checkpoints)
          .values({ key, ...rest })
          .onConflictDoUpdate({ target: checkpoints.key, set: rest });
      });
    },
    dropCheckpoints: async (keys) => {
      if (keys.length === 0) return;
      await writer.plain(async (tx) => {
        await tx.delete(checkpoints).where(inArray(checkpoints.key, [...keys]));
      });
    },
    checkpoints: () => pool.run((session) => session.select().from(checkpoints).orderBy(asc(checkpoints.key))),
  };
}

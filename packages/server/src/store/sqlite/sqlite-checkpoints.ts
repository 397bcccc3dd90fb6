import { asc, inArray } from "drizzle-orm";
import type { CheckpointStore } from "../../ports/checkpoint-store.ts";
import { checkpoints } from "./schema.ts";
import type { Session } from "./session.ts";
import type { Writer } from "./writer.ts";

/** Checkpoints in a table, written through the queue of all writes. */
export function createSqliteCheckpoints({
  session: { orm },
  writer,
}: {
  readonly session: Session;
  readonly writer: Writer;
}): CheckpointStore {
  return {
    saveCheckpoint: ({ key, body, savedAt }) => {
      const rest = { body: Buffer.from(body), savedAt };
      return writer.write(false, () => {
        orm
          .insert(checkpoints)
          .values({ key, ...rest })
          .onConflictDoUpdate({ target: checkpoints.key, set: rest })
          .run();
      });
    },
    dropCheckpoints: (keys) =>
      writer.write(false, () => {
        orm
          .delete(checkpoints)
          .where(inArray(checkpoints.key, [...keys]))
          .run();
      }),
    checkpoints: async () => orm.select().from(checkpoints).orderBy(asc(checkpoints.key)).all(),
  };
}

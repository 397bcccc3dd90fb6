import type { CheckpointStore } from "../../ports/checkpoint-store.ts";

/** The checkpoints of one of the servers: each keeps what clients reported to it. */
export function ownCheckpoints(all: CheckpointStore, server: string): CheckpointStore {
  const prefix = `${server}/`;
  return {
    saveCheckpoint: (checkpoint) => all.saveCheckpoint({ ...checkpoint, key: prefix + checkpoint.key }),
    dropCheckpoints: (keys) => all.dropCheckpoints(keys.map((key) => prefix + key)),
    async checkpoints() {
      const found = await all.checkpoints();
      return found
        .filter(({ key }) => key.startsWith(prefix))
        .map((checkpoint) => ({ ...checkpoint, key: checkpoint.key.slice(prefix.length) }));
    },
  };
}

import type { Checkpoint, CheckpointStore } from "../ports/checkpoint-store.ts";

/** Checkpoints in memory: for tests, and for a server that is to forget. */
export function createMemoryCheckpoints(): CheckpointStore {
  const held = new Map<string, Checkpoint>();
  return {
    saveCheckpoint: async ({ key, body, savedAt }) => void held.set(key, { key, body: body.slice(), savedAt }),
    dropCheckpoints: async (keys) => {
      for (const key of keys) held.delete(key);
    },
    checkpoints: async () => [...held.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

import { beforeEach, describe, expect, it } from "vitest";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";

/** What every store of checkpoints does. */
export function checkpointStoreContract(name: string, open: () => Promise<CheckpointStore>): void {
  describe(`checkpoints (${name})`, () => {
    let store: CheckpointStore;
    beforeEach(async () => {
      store = await open();
    });
    const all = async () =>
      (await store.checkpoints()).map(({ key, body, savedAt }) => [key, [...body], savedAt] as const);

    it("keep the newest of each key, to the byte", async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await store.saveCheckpoint({ key: "b", body: new Uint8Array(0), savedAt: 1 });
      await store.saveCheckpoint({ key: "a", body: bytes, savedAt: 2 });
      await store.saveCheckpoint({ key: "b", body: Uint8Array.of(7), savedAt: 3 });
      expect(await all()).toEqual([
        ["a", [...bytes], 2],
        ["b", [7], 3],
      ]);
    });

    it("do not change with the bytes that they were made of", async () => {
      const body = Uint8Array.of(1, 2);
      await store.saveCheckpoint({ key: "a", body, savedAt: 1 });
      body.fill(9);
      expect(await all()).toEqual([["a", [1, 2], 1]]);
    });

    it("are gone when dropped, and dropping what is not there does nothing", async () => {
      for (const key of ["a", "b", "it's"]) await store.saveCheckpoint({ key, body: Uint8Array.of(1), savedAt: 1 });
      await store.dropCheckpoints(["a", "it's", "unknown"]);
      await store.dropCheckpoints([]);
      expect(await all()).toEqual([["b", [1], 1]]);
    });
  });
}

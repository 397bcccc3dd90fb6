import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CheckpointStore } from "../../ports/checkpoint-store.ts";
import type { EvaluationStore } from "../../ports/evaluation-store.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import type { Store } from "../../ports/store.ts";
import type { Timers } from "../../ports/timers.ts";
import type { DataFolder } from "../sqlite/data-folder.ts";
import { openDataFolder } from "../sqlite/data-folder.ts";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import { countingRandom } from "./fixtures.ts";
import { manualTimers } from "./manual-timers.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "rampart-store-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An SQLite store in a folder that is gone after the test. */
export function temporaryStore(timers: Timers = manualTimers()): {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  readonly evaluations: EvaluationStore;
  readonly folder: DataFolder;
} {
  const folder = openDataFolder(temporaryFolder(), process.pid);
  onTestFinished(() => folder.release());
  const { store, rollouts, checkpoints, evaluations } = openSqliteStore({
    folder,
    random: countingRandom(),
    timers,
    now: 0,
  });
  return { store, rollouts, checkpoints, evaluations, folder };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { auditOf, violations } from "../invariants.ts";
import { bundleProgram } from "../testing/bundle.ts";
import { countingRandom } from "../testing/fixtures.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { openDataFolder } from "./data-folder.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const KILLS = 24;
const CHILD = fileURLToPath(new URL("../testing/crash-child.ts", import.meta.url));

/** Runs the program until it has printed `lines` lines and is in the middle of what comes next, kills it, and tells the last that it printed. */
async function killAfter(
  program: string,
  path: string,
  lines: number,
): Promise<{ readonly last: string; readonly complaints: string }> {
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const closed = once(child, "close");
  let last = "";
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (++seen === lines) child.kill("SIGKILL");
  }
  await closed;
  return { last, complaints };
}

it(
  `keeps state, change log, revisions and audit in agreement through ${KILLS} kills in the middle of writes`,
  { timeout: 120_000 },
  async () => {
    const program = await bundleProgram(CHILD);
    const path = temporaryFolder();
    let written = 0;
    for (let round = 0; round < KILLS; round++) {
      // The first rounds end while the database is being made or opened; the others after a few or a few dozen writes.
      const { last, complaints } = await killAfter(program, path, round < 4 ? 1 : 1 + ((round * 7) % 11));
      expect(complaints).toBe("");
      const safe = Number(/^safe (\d+)$/.exec(last)?.[1] ?? 0);

      const folder = openDataFolder(path, process.pid);
      const { store } = openSqliteStore({ folder, random: countingRandom(), timers: manualTimers(), now: 0 });
      expect(await violations(store)).toEqual([]);
      const entries = await auditOf(store);
      expect(entries.length).toBeGreaterThanOrEqual(Math.max(safe, written));
      written = entries.length;
      await store.close();
      folder.release();
    }
    expect(written).toBeGreaterThan(KILLS);
  },
);

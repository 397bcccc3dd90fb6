/** Writes to the store of a data folder as fast as it can, and prints the number of each audit entry that is safe. Waits to be killed. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import type { FlagConfig } from "@rampart/core";
import type { ConfigRecord, Decision, Store } from "../../ports/store.ts";
import { openDataFolder } from "../sqlite/data-folder.ts";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import { booleanFlag, config, everywhere, meta, segment, token } from "./fixtures.ts";

const [path = ""] = process.argv.slice(2);
const to =
  (next: (current: FlagConfig) => FlagConfig) =>
  (current: ConfigRecord): Decision<FlagConfig, never> => ({ kind: "write", next: next(current.config) });

/** Unbuffered: what was printed was written before the process could be killed. */
const print = (line: string): void => void writeSync(1, `${line}\n`);

async function act(store: Store, turn: number): Promise<void> {
  const key = `flag-${turn % 5}`;
  const flags = everywhere(config(key));
  await store.createFlag(booleanFlag(key), flags, meta("flag.created"), { reuse: true });
  await store.changeConfig(
    "production",
    key,
    to((current) => ({ ...current, fallthrough: { percentage: turn % 100 } })),
    meta("flag.ramped"),
  );
  await store.changeConfig(
    "staging",
    key,
    to((current) => ({ ...current, enabled: !current.enabled })),
    meta("flag.killed", { urgent: true }),
  );
  await store.createSegment(segment(`segment-${turn % 3}`), meta("segment.created"), { reuse: true });
  await store.changeFlag(
    key,
    (current) => ({ kind: "write", next: { ...current, description: `turn ${turn}` } }),
    meta("flag.updated"),
  );
  await store.createToken(token(randomBytes(8).toString("hex")), meta("token.created"));
  if (turn % 4 === 3) await store.deleteFlag(key, () => undefined, meta("flag.deleted"));
  if (turn % 4 === 1) await store.deleteSegment(`segment-${turn % 3}`, () => undefined, meta("segment.deleted"));
}

print("starting");
const timers = { after: () => () => {}, every: () => () => {} };
const { store } = openSqliteStore({
  folder: openDataFolder(path, process.pid),
  random: randomBytes,
  timers,
  now: Date.now(),
});
for (let turn = 0; ; turn++) {
  await act(store, turn);
  const [newest] = await store.audit({ order: "newest", limit: 1 });
  print(`safe ${newest?.seq ?? 0}`);
}

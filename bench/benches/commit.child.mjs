/**
 * A flip's commit through the SQLite store, and one bare transaction that writes the same rows, in turn.
 * `node commit.child.mjs FOLDER COMMITS` prints JSON.
 */
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT, built } from "../lib/paths.mjs";

const [folder, commits] = [process.argv[2], Number(process.argv[3])];
/** Enough for the engine to have compiled what it will. */
const WARM_UP = 500;
const ENVIRONMENT = "production";
const KEY = "checkout.new-flow";

// better-sqlite3 is the server's dependency, not the bench's: the bare transaction uses the same build of it.
const Database = createRequire(join(ROOT, "packages", "server", "package.json"))("better-sqlite3");
const { openSqliteStore } = await import(built("server", "store/sqlite/sqlite-store.js"));
const { rampTo } = await import(built("server", "domain/ramp.js"));
const { defaultConfig } = await import(built("core"));

const timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(() => run(), delayMs);
    return () => clearTimeout(timer);
  },
  every: (intervalMs, run) => {
    const timer = setInterval(() => run(), intervalMs);
    return () => clearInterval(timer);
  },
  nextTurn: (run) => setImmediate(() => run()),
};

function openStore(name) {
  const databasePath = join(folder, `${name}.db`);
  const opened = openSqliteStore({
    folder: { databasePath, ballastPath: join(folder, `${name}.ballast`) },
    random: (size) => randomBytes(size),
    timers,
    now: Date.now(),
  });
  return { store: opened.store, databasePath };
}

const metaOf = (action, at) => ({ actor: "token:bench", action, reason: "bench", at });

async function withFlag(store) {
  const definition = { key: KEY, type: "boolean", description: "", variants: { on: true, off: false }, tags: [] };
  const environments = await store.environments();
  const configs = Object.fromEntries(environments.map(({ key }) => [key, defaultConfig(definition)]));
  await store.createFlag(definition, configs, metaOf("flag.created", Date.now()));
}

/** What the API does: the decision inside the transaction, on the record as it is there. */
const flipThrough = (store) => async (round) => {
  const percentage = 1 + (round % 99);
  const written = await store.changeConfig(
    ENVIRONMENT,
    KEY,
    (record, { definition }) => rampTo(record, definition, percentage),
    metaOf("flag.ramped", Date.now()),
  );
  if (written.kind !== "written") throw new Error(`the store ${written.kind} the flip`);
};

/** The same rows with the same lengths, by a program that knows everything beforehand: no reads, no hash, no JSON. */
function bareFlip(path) {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  const like = {
    config: db
      .prepare("SELECT config, updated_by FROM configs WHERE environment = ? AND key = ?")
      .get(ENVIRONMENT, KEY),
    audit: db.prepare("SELECT * FROM audit ORDER BY seq DESC LIMIT 1").get(),
    change: db.prepare("SELECT * FROM changes WHERE environment = ? ORDER BY revision DESC LIMIT 1").get(ENVIRONMENT),
  };
  const advance = db.prepare("UPDATE environments SET revision = ? WHERE key = ?");
  const config = db.prepare(
    "UPDATE configs SET config = ?, revision = ?, updated_at = ?, updated_by = ? WHERE environment = ? AND key = ?",
  );
  const change = db.prepare(
    "INSERT INTO changes (environment, revision, kind, key, urgent, at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const audit = db.prepare(
    "INSERT INTO audit (seq, environment, target, action, actor, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  let revision = like.change.revision;
  let seq = like.audit.seq;
  const transaction = db.transaction((now) => {
    revision += 1;
    seq += 1;
    advance.run(revision, ENVIRONMENT);
    config.run(like.config.config, revision, now, like.config.updated_by, ENVIRONMENT, KEY);
    change.run(ENVIRONMENT, revision, like.change.kind, KEY, like.change.urgent, now);
    audit.run(
      seq,
      like.audit.environment,
      like.audit.target,
      like.audit.action,
      like.audit.actor,
      like.audit.body,
      like.audit.hash,
    );
  });
  return { flip: () => transaction.immediate(Date.now()), close: () => db.close() };
}

/** Rows of each table, to be sure that both write as many. */
function rowCounts(path) {
  const db = new Database(path, { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const counts = Object.fromEntries(
    tables.map((table) => [table, db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get()]),
  );
  db.close();
  return counts;
}

const through = openStore("through");
await withFlag(through.store);
const flipStore = flipThrough(through.store);
await flipStore(0);

// The bare one starts from a store's own database, closed: the same schema, indexes and rows.
const prepared = openStore("bare");
await withFlag(prepared.store);
await flipThrough(prepared.store)(0);
await prepared.store.close();
const bare = bareFlip(prepared.databasePath);

const usOf = async (act) => {
  const before = process.hrtime.bigint();
  await act();
  return Number(process.hrtime.bigint() - before) / 1000;
};
const samples = { store: [], bare: [] };
for (let round = 1; round <= WARM_UP + commits; round++) {
  // First the one, then the other: a disk that has just been flushed may answer faster.
  const acts = [
    ["store", () => flipStore(round)],
    ["bare", bare.flip],
  ];
  for (const [key, act] of round % 2 === 0 ? acts : acts.toReversed()) {
    const us = await usOf(act);
    if (round > WARM_UP) samples[key].push(us);
  }
}
const counts = [through, prepared].map(({ databasePath }) => JSON.stringify(rowCounts(databasePath)));
if (counts[0] !== counts[1])
  throw new Error(`the bare transaction does not write the rows that the store writes: ${counts.join(" and ")}`);
bare.close();
await through.store.close();
process.stdout.write(`\n${JSON.stringify(samples)}\n`);

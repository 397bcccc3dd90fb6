import type { Database } from "better-sqlite3";
import { StoreError } from "../../ports/store-error.ts";
import type { SchemaVersions } from "../../ports/store.ts";

/** "Rmpt": marks the file as ours, so that another program's database is never taken for an empty one. */
export const APPLICATION_ID = 0x52_6d_70_74;

/**
 * Each takes the schema one version on; the last one's number is the version this program knows. Never change one that was
 * released: add the next. A running older version must still be able to work with what it leaves (add now, remove a release later).
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE environments (
    key TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE flags (
    key TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE configs (
    environment TEXT NOT NULL REFERENCES environments (key),
    key TEXT NOT NULL REFERENCES flags (key) ON DELETE CASCADE,
    config TEXT NOT NULL,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (environment, key)
  ) STRICT;
  CREATE INDEX configs_by_key ON configs (key);

  CREATE TABLE segments (
    key TEXT NOT NULL PRIMARY KEY,
    segment TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE segment_revisions (
    environment TEXT NOT NULL REFERENCES environments (key),
    key TEXT NOT NULL REFERENCES segments (key) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    PRIMARY KEY (environment, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segment_revisions_by_key ON segment_revisions (key);

  CREATE TABLE tombstones (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE changes (
    environment TEXT NOT NULL REFERENCES environments (key),
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    urgent INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (environment, revision)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    environment TEXT,
    target TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_target ON audit (target);
  CREATE INDEX audit_by_action ON audit (action);
  CREATE INDEX audit_by_actor ON audit (actor);
  CREATE INDEX audit_by_environment ON audit (environment);

  CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    environments TEXT NOT NULL,
    roles TEXT NOT NULL,
    prefix TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
  ) STRICT;
  `,
  `
  CREATE TABLE plans (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (name, version)
  ) STRICT;

  CREATE TABLE rollouts (
    id TEXT NOT NULL PRIMARY KEY,
    flag TEXT NOT NULL,
    environment TEXT NOT NULL REFERENCES environments (key),
    plan_name TEXT NOT NULL,
    plan_digest TEXT NOT NULL REFERENCES plans (digest),
    state TEXT NOT NULL,
    seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    ended_at INTEGER,
    due_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX rollouts_open ON rollouts (environment, flag) WHERE ended_at IS NULL;
  CREATE INDEX rollouts_due ON rollouts (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX rollouts_by_age ON rollouts (created_at);

  CREATE TABLE rollout_events (
    rollout_id TEXT NOT NULL REFERENCES rollouts (id),
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (rollout_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rollout_records (
    rollout_id TEXT NOT NULL REFERENCES rollouts (id),
    id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (rollout_id, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rollout_evidence (
    rollout_id TEXT NOT NULL REFERENCES rollouts (id),
    id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (rollout_id, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbox (
    key TEXT NOT NULL PRIMARY KEY,
    rollout_id TEXT NOT NULL REFERENCES rollouts (id),
    notify TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_error TEXT
  ) STRICT;
  CREATE INDEX outbox_waiting ON outbox (due_at) WHERE status = 'waiting';
  `,
  // One message for each channel. What was written before went to the log only.
  `
  ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'log';
  ALTER TABLE outbox ADD COLUMN only_incident INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN message TEXT NOT NULL DEFAULT '{"title":"","text":"","facts":[]}';
  CREATE INDEX outbox_lanes ON outbox (channel, rollout_id) WHERE status = 'waiting';
  `,
  // Channels that were made through the API, and logs that begin where they were pruned.
  `
  CREATE TABLE channels (
    name TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    sealed TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL
  ) STRICT;
  ALTER TABLE rollouts ADD COLUMN log_base TEXT;
  ALTER TABLE rollouts ADD COLUMN pruned_seq INTEGER;
  CREATE INDEX rollouts_over ON rollouts (ended_at) WHERE ended_at IS NOT NULL AND due_at IS NULL;
  CREATE INDEX outbox_done ON outbox (created_at) WHERE status <> 'waiting';
  `,
  // What browsers may do with a client key.
  `
  ALTER TABLE tokens ADD COLUMN browsers TEXT;
  `,
  // What lives in memory, over a restart.
  `
  CREATE TABLE checkpoints (
    key TEXT NOT NULL PRIMARY KEY,
    body BLOB NOT NULL,
    saved_at INTEGER NOT NULL
  ) STRICT;
  `,
  // How often flags were asked for.
  `
  CREATE TABLE evaluations (
    flag TEXT NOT NULL,
    environment TEXT NOT NULL,
    hour INTEGER NOT NULL,
    variant TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (flag, environment, hour, variant)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX evaluations_by_hour ON evaluations (hour);
  `,
];

/**
 * Takes the database to the newest version, in one transaction: all or nothing. Throws a StoreError when a newer program has written
 * it, or another program.
 */
export function migrate(db: Database, path: string): void {
  const newest = MIGRATIONS.length;
  const version = numberPragma(db, "user_version");
  if (version > newest) {
    throw new StoreError("DATABASE_NEWER", {
      message: `${path} has schema version ${version}; this version of Rampart knows up to ${newest}`,
      hint: "Start the newer version of Rampart that wrote it, or put back a backup that was made before the upgrade. The file was not touched.",
    });
  }
  const isEmpty = db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
  if (!isEmpty && numberPragma(db, "application_id") !== APPLICATION_ID) {
    throw new StoreError("DATABASE_DAMAGED", {
      message: `${path} is an SQLite database of another program`,
      hint: "Choose another data folder, or move the file away. It was not touched.",
    });
  }
  if (version === newest) return;
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${newest}`);
  }).immediate();
}

/** What the database has now. */
export function schemaVersions(db: Database): SchemaVersions {
  const isOurs = numberPragma(db, "application_id") === APPLICATION_ID;
  return { found: isOurs ? numberPragma(db, "user_version") : 0, known: MIGRATIONS.length };
}

function numberPragma(db: Database, name: string): number {
  const value = db.pragma(name, { simple: true });
  if (typeof value !== "number") throw new Error(`PRAGMA ${name} gives a number, not ${String(value)}`);
  return value;
}

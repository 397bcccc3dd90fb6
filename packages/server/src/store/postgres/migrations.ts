import { sql } from "drizzle-orm";
import { StoreError } from "../../ports/store-error.ts";
import type { SchemaVersions } from "../../ports/store.ts";
import type { Session } from "./session.ts";

/** Servers that start at the same time migrate one after the other. */
const MIGRATION_LOCK = 0x52_6d_70_01;

/**
 * Each takes the schema one version on; the last one's number is the version this program knows. Never change one that was
 * released: add the next. Replicas of the version before go on working while the new ones start, so what a migration leaves must
 * suit both: add now, remove a release later. Keys sort by their bytes, whatever the database's language.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE rampart.environments (
    key text COLLATE "C" PRIMARY KEY,
    position integer NOT NULL,
    epoch text NOT NULL,
    revision integer NOT NULL
  );

  CREATE TABLE rampart.flags (
    key text COLLATE "C" PRIMARY KEY,
    definition json NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  );

  CREATE TABLE rampart.configs (
    environment text COLLATE "C" NOT NULL REFERENCES rampart.environments (key),
    key text COLLATE "C" NOT NULL REFERENCES rampart.flags (key) ON DELETE CASCADE,
    config json NOT NULL,
    revision integer NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL,
    PRIMARY KEY (environment, key)
  );
  CREATE INDEX configs_by_key ON rampart.configs (key);

  CREATE TABLE rampart.segments (
    key text COLLATE "C" PRIMARY KEY,
    segment json NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  );

  CREATE TABLE rampart.segment_revisions (
    environment text COLLATE "C" NOT NULL REFERENCES rampart.environments (key),
    key text COLLATE "C" NOT NULL REFERENCES rampart.segments (key) ON DELETE CASCADE,
    revision integer NOT NULL,
    PRIMARY KEY (environment, key)
  );
  CREATE INDEX segment_revisions_by_key ON rampart.segment_revisions (key);

  CREATE TABLE rampart.tombstones (
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    deleted_at bigint NOT NULL,
    PRIMARY KEY (kind, key)
  );

  CREATE TABLE rampart.changes (
    environment text COLLATE "C" NOT NULL REFERENCES rampart.environments (key),
    revision integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    urgent boolean NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (environment, revision)
  );

  CREATE TABLE rampart.audit (
    seq bigint PRIMARY KEY,
    environment text,
    target text NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    body text NOT NULL,
    hash text NOT NULL
  );
  CREATE INDEX audit_by_target ON rampart.audit (target);
  CREATE INDEX audit_by_action ON rampart.audit (action);
  CREATE INDEX audit_by_actor ON rampart.audit (actor);
  CREATE INDEX audit_by_environment ON rampart.audit (environment);

  CREATE TABLE rampart.tokens (
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    kind text NOT NULL,
    name text NOT NULL,
    environments json NOT NULL,
    roles json NOT NULL,
    prefix text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint,
    browsers json
  );

  CREATE TABLE rampart.plans (
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    digest text PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    text text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    UNIQUE (name, version)
  );

  CREATE TABLE rampart.rollouts (
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    flag text NOT NULL,
    environment text NOT NULL REFERENCES rampart.environments (key),
    plan_name text NOT NULL,
    plan_digest text NOT NULL REFERENCES rampart.plans (digest),
    state json NOT NULL,
    seq integer NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    ended_at bigint,
    due_at bigint,
    log_base json,
    pruned_seq integer
  );
  CREATE UNIQUE INDEX rollouts_open ON rampart.rollouts (environment, flag) WHERE ended_at IS NULL;
  CREATE INDEX rollouts_due ON rampart.rollouts (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX rollouts_by_age ON rampart.rollouts (created_at);
  CREATE INDEX rollouts_over ON rampart.rollouts (ended_at) WHERE ended_at IS NOT NULL AND due_at IS NULL;

  CREATE TABLE rampart.rollout_events (
    rollout_id text NOT NULL REFERENCES rampart.rollouts (id),
    seq integer NOT NULL,
    event json NOT NULL,
    PRIMARY KEY (rollout_id, seq)
  );

  CREATE TABLE rampart.rollout_records (
    rollout_id text NOT NULL REFERENCES rampart.rollouts (id),
    id integer NOT NULL,
    seq integer NOT NULL,
    record json NOT NULL,
    PRIMARY KEY (rollout_id, id)
  );

  CREATE TABLE rampart.rollout_evidence (
    rollout_id text NOT NULL REFERENCES rampart.rollouts (id),
    id integer NOT NULL,
    seq integer NOT NULL,
    evidence json NOT NULL,
    PRIMARY KEY (rollout_id, id)
  );

  CREATE TABLE rampart.outbox (
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    key text PRIMARY KEY,
    rollout_id text NOT NULL REFERENCES rampart.rollouts (id),
    notify json NOT NULL,
    created_at bigint NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    due_at bigint NOT NULL,
    last_error text,
    channel text NOT NULL,
    only_incident boolean NOT NULL,
    message json NOT NULL
  );
  CREATE INDEX outbox_waiting ON rampart.outbox (due_at) WHERE status = 'waiting';
  CREATE INDEX outbox_lanes ON rampart.outbox (channel, rollout_id) WHERE status = 'waiting';
  CREATE INDEX outbox_done ON rampart.outbox (created_at) WHERE status <> 'waiting';

  CREATE TABLE rampart.channels (
    name text COLLATE "C" PRIMARY KEY,
    type text NOT NULL,
    sealed text NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL
  );

  CREATE TABLE rampart.checkpoints (
    key text COLLATE "C" PRIMARY KEY,
    body bytea NOT NULL,
    saved_at bigint NOT NULL
  );

  CREATE TABLE rampart.leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL
  );

  CREATE TABLE rampart.replicas (
    instance text PRIMARY KEY,
    name text NOT NULL,
    secret_check text NOT NULL,
    seen_at timestamptz NOT NULL
  );

  CREATE TABLE rampart.drills (
    environment text PRIMARY KEY,
    breached_at bigint NOT NULL
  );

  CREATE TABLE rampart.receipt_parts (
    environment text NOT NULL,
    revision integer NOT NULL,
    instance text NOT NULL,
    part bytea NOT NULL,
    saved_at bigint NOT NULL,
    PRIMARY KEY (environment, revision, instance)
  );
  `,
  // How often flags were asked for.
  `
  CREATE TABLE rampart.evaluations (
    flag text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    hour bigint NOT NULL,
    variant text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (flag, environment, hour, variant)
  );
  CREATE INDEX evaluations_by_hour ON rampart.evaluations (hour);
  `,
  // What servers tell each other: what SDKs reported to each, and which clients each has, when somebody asks. A checkpoint of units is
  // of all servers from now on.
  `
  CREATE TABLE rampart.report_batches (
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    instance text NOT NULL,
    seq integer NOT NULL,
    body bytea NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (instance, seq)
  );

  CREATE TABLE rampart.client_lists (
    environment text NOT NULL,
    instance text NOT NULL,
    body bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (environment, instance)
  );

  CREATE TABLE rampart.clients_asked (
    environment text PRIMARY KEY,
    asked_at timestamptz NOT NULL
  );

  DELETE FROM rampart.checkpoints WHERE key LIKE '%/units:%';
  `,
];

/**
 * Takes the database to the newest version. Call it within one transaction: all or nothing. Throws a StoreError when a newer program
 * has written it; nothing was changed then.
 */
export async function migrate(tx: Session, database: string): Promise<void> {
  const newest = MIGRATIONS.length;
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  const version = await versionOf(tx);
  if (version > newest) {
    throw new StoreError("DATABASE_NEWER", {
      message: `the database ${database} has schema version ${version}; this version of Rampart knows up to ${newest}`,
      hint: "Start the newer version of Rampart that wrote it, or put back a dump that was made before the upgrade: pg_restore --clean --if-exists, then rampart restore --new-epoch. Nothing was changed.",
    });
  }
  if (version === newest) return;
  if (version === 0) {
    await tx.execute(sql`CREATE SCHEMA IF NOT EXISTS rampart`);
    await tx.execute(sql`CREATE TABLE rampart.schema_version (version integer NOT NULL)`);
    await tx.execute(sql`INSERT INTO rampart.schema_version VALUES (0)`);
  }
  for (const step of MIGRATIONS.slice(version)) await tx.execute(sql.raw(step));
  await tx.execute(sql`UPDATE rampart.schema_version SET version = ${newest}`);
}

/** What the database has now. */
export async function schemaVersions(session: Session): Promise<SchemaVersions> {
  return { found: await versionOf(session), known: MIGRATIONS.length };
}

async function versionOf(tx: Session): Promise<number> {
  const [there] = await tx.execute<{ name: string | null }>(
    sql`SELECT to_regclass('rampart.schema_version')::text AS name`,
  );
  if (there?.name == null) return 0;
  const [row] = await tx.execute<{ version: number }>(sql`SELECT version FROM rampart.schema_version`);
  return row?.version ?? 0;
}

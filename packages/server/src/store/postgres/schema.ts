import type { FlagConfig, FlagDefinition, Segment, TokenKind } from "@rampart/core";
import type { BrowserRules } from "../../domain/records.ts";
import type { Message } from "../../domain/notify/message.ts";
import type { Evidence, Notify, RolloutRecord } from "../../domain/rollout/effect.ts";
import type { RolloutEvent } from "../../domain/rollout/event.ts";
import type { RolloutState } from "../../domain/rollout/state.ts";
import type { LogBase } from "../../ports/rollout-store.ts";
import type { ItemKind } from "../changes.ts";
import { sql } from "drizzle-orm";
import { bigint, boolean, customType, integer, json, pgSchema, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/*
 * The tables as queries see them. `migrations.ts` makes them, in a schema of their own. Instants are epoch milliseconds. Models are `json` and
 * not `jsonb`: they come back as they were written, with their fields in order and with characters that `jsonb` does not take.
 */

const rampart = pgSchema("rampart");

const instant = (name: string) => bigint(name, { mode: "number" });

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

/** Counts up with each row that is added. */
const ordinal = () => bigint("ordinal", { mode: "number" }).generatedAlwaysAsIdentity();

/** Environments in their order, and the revision that each has reached. */
export const environments = rampart.table("environments", {
  key: text("key").primaryKey(),
  position: integer("position").notNull(),
  epoch: text("epoch").notNull(),
  revision: integer("revision").notNull(),
});

/** Definitions, which every environment shares. */
export const flags = rampart.table("flags", {
  key: text("key").primaryKey(),
  definition: json("definition").$type<FlagDefinition>().notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/** A flag in an environment, with the revision at which it last changed. */
export const configs = rampart.table(
  "configs",
  {
    environment: text("environment").notNull(),
    key: text("key").notNull(),
    config: json("config").$type<FlagConfig>().notNull(),
    revision: integer("revision").notNull(),
    updatedAt: instant("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.key] })],
);

/** Segments, which every environment shares. */
export const segments = rampart.table("segments", {
  key: text("key").primaryKey(),
  segment: json("segment").$type<Segment>().notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/** The revision of each environment at which a segment last changed. */
export const segmentRevisions = rampart.table(
  "segment_revisions",
  {
    environment: text("environment").notNull(),
    key: text("key").notNull(),
    revision: integer("revision").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.key] })],
);

/** Keys that were deleted and are not given out again by accident. */
export const tombstones = rampart.table(
  "tombstones",
  {
    kind: text("kind").$type<ItemKind>().notNull(),
    key: text("key").notNull(),
    deletedAt: instant("deleted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** The change log: which item each revision changed. */
export const changes = rampart.table(
  "changes",
  {
    environment: text("environment").notNull(),
    revision: integer("revision").notNull(),
    kind: text("kind").$type<ItemKind>().notNull(),
    key: text("key").notNull(),
    urgent: boolean("urgent").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.revision] })],
);

/** `body` is the canonical JSON that `hash` was made of; the columns beside it are copies to search by. */
export const audit = rampart.table("audit", {
  seq: bigint("seq", { mode: "number" }).primaryKey(),
  /** `*`: an act that changed every environment. */
  environment: text("environment"),
  target: text("target").notNull(),
  action: text("action").notNull(),
  actor: text("actor").notNull(),
  body: text("body").notNull(),
  hash: text("hash").notNull(),
});

/** Only a token's hash is here; the token itself was shown once. */
export const tokens = rampart.table("tokens", {
  ordinal: ordinal(),
  id: text("id").primaryKey(),
  hash: text("hash").notNull().unique(),
  kind: text("kind").$type<TokenKind>().notNull(),
  name: text("name").notNull(),
  environments: json("environments").$type<readonly string[]>().notNull(),
  roles: json("roles").$type<readonly string[]>().notNull(),
  prefix: text("prefix").notNull(),
  createdAt: instant("created_at").notNull(),
  expiresAt: instant("expires_at"),
  revokedAt: instant("revoked_at"),
  lastUsedAt: instant("last_used_at"),
  browsers: json("browsers").$type<BrowserRules>(),
});

/** Every revision of every plan, by the digest of its text. */
export const plans = rampart.table("plans", {
  ordinal: ordinal(),
  digest: text("digest").primaryKey(),
  name: text("name").notNull(),
  version: integer("version").notNull(),
  text: text("text").notNull(),
  createdAt: instant("created_at").notNull(),
  createdBy: text("created_by").notNull(),
});

/** A partial unique index sees to it that no two open rollouts are on one flag. */
export const rollouts = rampart.table("rollouts", {
  ordinal: ordinal(),
  id: text("id").primaryKey(),
  flag: text("flag").notNull(),
  environment: text("environment").notNull(),
  planName: text("plan_name").notNull(),
  planDigest: text("plan_digest").notNull(),
  state: json("state").$type<RolloutState>().notNull(),
  seq: integer("seq").notNull(),
  createdAt: instant("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  endedAt: instant("ended_at"),
  dueAt: instant("due_at"),
  /** Where the log begins, once samplings before it were dropped. */
  logBase: json("log_base").$type<LogBase>(),
  /** `seq` when the log had nothing left to drop. */
  prunedSeq: integer("pruned_seq"),
});

/** What happened to a rollout, in order: replaying it gives the rollout's state. */
export const rolloutEvents = rampart.table(
  "rollout_events",
  {
    rolloutId: text("rollout_id").notNull(),
    seq: integer("seq").notNull(),
    event: json("event").$type<RolloutEvent>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.seq] })],
);

/** What happened in a rollout, for people; `seq` is the step of its log that it belongs to. */
export const rolloutRecords = rampart.table(
  "rollout_records",
  {
    rolloutId: text("rollout_id").notNull(),
    id: integer("id").notNull(),
    seq: integer("seq").notNull(),
    record: json("record").$type<RolloutRecord>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.id] })],
);

/** What a rollout's decisions were made on. */
export const rolloutEvidence = rampart.table(
  "rollout_evidence",
  {
    rolloutId: text("rollout_id").notNull(),
    id: integer("id").notNull(),
    seq: integer("seq").notNull(),
    evidence: json("evidence").$type<Evidence>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.id] })],
);

/** Messages on their way to channels, written with the transition that they tell of. */
export const outbox = rampart.table("outbox", {
  ordinal: ordinal(),
  key: text("key").primaryKey(),
  rolloutId: text("rollout_id").notNull(),
  notify: json("notify").$type<Notify>().notNull(),
  createdAt: instant("created_at").notNull(),
  status: text("status").$type<"waiting" | "sent" | "dead">().notNull(),
  attempts: integer("attempts").notNull(),
  dueAt: instant("due_at").notNull(),
  lastError: text("last_error"),
  channel: text("channel").notNull(),
  onlyIncident: boolean("only_incident").notNull(),
  message: json("message").$type<Message>().notNull(),
});

/** Channels that were made through the API. */
export const channels = rampart.table("channels", {
  name: text("name").primaryKey(),
  type: text("type").notNull(),
  sealed: text("sealed").notNull(),
  updatedAt: instant("updated_at").notNull(),
  updatedBy: text("updated_by").notNull(),
});

/** What lives in memory, as it was at one moment. */
export const checkpoints = rampart.table("checkpoints", {
  key: text("key").primaryKey(),
  body: bytes("body").notNull(),
  savedAt: instant("saved_at").notNull(),
});

/** Who may do what only one may do, until when by the database's clock. */
export const leases = rampart.table("leases", {
  name: text("name").primaryKey(),
  holder: text("holder").notNull(),
  /** Rises with each holder: what an earlier one still does is told by it. */
  fence: bigint("fence", { mode: "number" }).notNull(),
  expiresAt: timestamp("expires_at", { withTimezone: true, mode: "string" }).notNull(),
});

/** Servers on this database, as long as they are heard of. */
export const replicas = rampart.table("replicas", {
  instance: text("instance").primaryKey(),
  name: text("name").notNull(),
  secretCheck: text("secret_check").notNull(),
  seenAt: timestamp("seen_at", { withTimezone: true, mode: "string" }).notNull(),
});

/** Environments whose drill is in breach. */
export const drills = rampart.table("drills", {
  environment: text("environment").primaryKey(),
  breachedAt: instant("breached_at").notNull(),
});

/** What each server knows of who applied an urgent change. */
export const receiptParts = rampart.table(
  "receipt_parts",
  {
    environment: text("environment").notNull(),
    revision: integer("revision").notNull(),
    instance: text("instance").notNull(),
    part: bytes("part").notNull(),
    savedAt: instant("saved_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.revision, table.instance] })],
);

/** How often a flag was asked for in an hour, by what it gave; the variant of no name is the caller's default. */
export const evaluations = rampart.table(
  "evaluations",
  {
    flag: text("flag").notNull(),
    environment: text("environment").notNull(),
    hour: instant("hour").notNull(),
    variant: text("variant").notNull(),
    count: bigint("count", { mode: "number" }).notNull(),
    lastAt: instant("last_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.flag, table.environment, table.hour, table.variant] })],
);

/** What SDKs reported to each server, for the others, for two minutes. */
export const reportBatches = rampart.table(
  "report_batches",
  {
    ordinal: ordinal(),
    instance: text("instance").notNull(),
    seq: integer("seq").notNull(),
    body: bytes("body").notNull(),
    savedAt: timestamp("saved_at", { withTimezone: true, mode: "string" })
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.instance, table.seq] })],
);

/** Which clients each server has, while somebody wants to know. */
export const clientLists = rampart.table(
  "client_lists",
  {
    environment: text("environment").notNull(),
    instance: text("instance").notNull(),
    body: bytes("body").notNull(),
    savedAt: timestamp("saved_at", { withTimezone: true, mode: "string" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.instance] })],
);

/** Environments of which somebody wants to know the clients. */
export const clientsAsked = rampart.table("clients_asked", {
  environment: text("environment").primaryKey(),
  askedAt: timestamp("asked_at", { withTimezone: true, mode: "string" }).notNull(),
});

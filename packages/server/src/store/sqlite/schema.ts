import type { FlagConfig, FlagDefinition, Segment, TokenKind } from "@rampart/core";
import type { BrowserRules } from "../../domain/records.ts";
import type { Message } from "../../domain/notify/message.ts";
import type { Evidence, Notify, RolloutRecord } from "../../domain/rollout/effect.ts";
import type { RolloutEvent } from "../../domain/rollout/event.ts";
import type { RolloutState } from "../../domain/rollout/state.ts";
import type { LogBase } from "../../ports/rollout-store.ts";
import type { ItemKind } from "../changes.ts";
import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/*
 * The tables as queries see them. `migrations.ts` makes them; a test compares the two. Instants are epoch milliseconds. Models are JSON:
 * they are read and written whole, and nothing is ever looked up by a field of theirs.
 */

/** Environments in their order, and the revision that each has reached. */
export const environments = sqliteTable("environments", {
  key: text("key").primaryKey(),
  position: integer("position").notNull(),
  epoch: text("epoch").notNull(),
  revision: integer("revision").notNull(),
});

/** Definitions, which every environment shares. */
export const flags = sqliteTable("flags", {
  key: text("key").primaryKey(),
  definition: text("definition", { mode: "json" }).$type<FlagDefinition>().notNull(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/** A flag in an environment, with the revision at which it last changed. */
export const configs = sqliteTable(
  "configs",
  {
    environment: text("environment").notNull(),
    key: text("key").notNull(),
    config: text("config", { mode: "json" }).$type<FlagConfig>().notNull(),
    revision: integer("revision").notNull(),
    updatedAt: integer("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.key] })],
);

/** Segments, which every environment shares. */
export const segments = sqliteTable("segments", {
  key: text("key").primaryKey(),
  segment: text("segment", { mode: "json" }).$type<Segment>().notNull(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/** The revision of each environment at which a segment last changed. */
export const segmentRevisions = sqliteTable(
  "segment_revisions",
  {
    environment: text("environment").notNull(),
    key: text("key").notNull(),
    revision: integer("revision").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.key] })],
);

/** Keys that were deleted and are not given out again by accident. */
export const tombstones = sqliteTable(
  "tombstones",
  {
    kind: text("kind").$type<ItemKind>().notNull(),
    key: text("key").notNull(),
    deletedAt: integer("deleted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** The change log: which item each revision changed. */
export const changes = sqliteTable(
  "changes",
  {
    environment: text("environment").notNull(),
    revision: integer("revision").notNull(),
    kind: text("kind").$type<ItemKind>().notNull(),
    key: text("key").notNull(),
    urgent: integer("urgent", { mode: "boolean" }).notNull(),
    at: integer("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.revision] })],
);

/** `body` is the canonical JSON that `hash` was made of; the columns beside it are copies to search by. */
export const audit = sqliteTable("audit", {
  seq: integer("seq").primaryKey(),
  /** `*`: an act that changed every environment. */
  environment: text("environment"),
  target: text("target").notNull(),
  action: text("action").notNull(),
  actor: text("actor").notNull(),
  body: text("body").notNull(),
  hash: text("hash").notNull(),
});

/** Only a token's hash is here; the token itself was shown once. */
export const tokens = sqliteTable("tokens", {
  id: text("id").primaryKey(),
  hash: text("hash").notNull().unique(),
  kind: text("kind").$type<TokenKind>().notNull(),
  name: text("name").notNull(),
  environments: text("environments", { mode: "json" }).$type<readonly string[]>().notNull(),
  roles: text("roles", { mode: "json" }).$type<readonly string[]>().notNull(),
  prefix: text("prefix").notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at"),
  revokedAt: integer("revoked_at"),
  lastUsedAt: integer("last_used_at"),
  browsers: text("browsers", { mode: "json" }).$type<BrowserRules>(),
});

/** Every revision of every plan, by the digest of its text. */
export const plans = sqliteTable("plans", {
  digest: text("digest").primaryKey(),
  name: text("name").notNull(),
  version: integer("version").notNull(),
  text: text("text").notNull(),
  createdAt: integer("created_at").notNull(),
  createdBy: text("created_by").notNull(),
});

/** A partial unique index sees to it that no two open rollouts are on one flag. */
export const rollouts = sqliteTable("rollouts", {
  id: text("id").primaryKey(),
  flag: text("flag").notNull(),
  environment: text("environment").notNull(),
  planName: text("plan_name").notNull(),
  planDigest: text("plan_digest").notNull(),
  state: text("state", { mode: "json" }).$type<RolloutState>().notNull(),
  seq: integer("seq").notNull(),
  createdAt: integer("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  endedAt: integer("ended_at"),
  dueAt: integer("due_at"),
  /** Where the log begins, once samplings before it were dropped. */
  logBase: text("log_base", { mode: "json" }).$type<LogBase>(),
  /** `seq` when the log had nothing left to drop. */
  prunedSeq: integer("pruned_seq"),
});

/** What happened to a rollout, in order: replaying it gives the rollout's state. */
export const rolloutEvents = sqliteTable(
  "rollout_events",
  {
    rolloutId: text("rollout_id").notNull(),
    seq: integer("seq").notNull(),
    event: text("event", { mode: "json" }).$type<RolloutEvent>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.seq] })],
);

/** What happened in a rollout, for people; `seq` is the step of its log that it belongs to. */
export const rolloutRecords = sqliteTable(
  "rollout_records",
  {
    rolloutId: text("rollout_id").notNull(),
    id: integer("id").notNull(),
    seq: integer("seq").notNull(),
    record: text("record", { mode: "json" }).$type<RolloutRecord>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.id] })],
);

/** What a rollout's decisions were made on. */
export const rolloutEvidence = sqliteTable(
  "rollout_evidence",
  {
    rolloutId: text("rollout_id").notNull(),
    id: integer("id").notNull(),
    seq: integer("seq").notNull(),
    evidence: text("evidence", { mode: "json" }).$type<Evidence>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.id] })],
);

/** Messages on their way to channels, written with the transition that they tell of. */
export const outbox = sqliteTable("outbox", {
  key: text("key").primaryKey(),
  rolloutId: text("rollout_id").notNull(),
  notify: text("notify", { mode: "json" }).$type<Notify>().notNull(),
  createdAt: integer("created_at").notNull(),
  status: text("status").$type<"waiting" | "sent" | "dead">().notNull(),
  attempts: integer("attempts").notNull(),
  dueAt: integer("due_at").notNull(),
  lastError: text("last_error"),
  channel: text("channel").notNull(),
  onlyIncident: integer("only_incident", { mode: "boolean" }).notNull(),
  message: text("message", { mode: "json" }).$type<Message>().notNull(),
});

/** Channels that were made through the API. */
export const channels = sqliteTable("channels", {
  name: text("name").primaryKey(),
  type: text("type").notNull(),
  sealed: text("sealed").notNull(),
  updatedAt: integer("updated_at").notNull(),
  updatedBy: text("updated_by").notNull(),
});

/** What lives in memory, as it was at one moment. */
export const checkpoints = sqliteTable("checkpoints", {
  key: text("key").primaryKey(),
  body: blob("body", { mode: "buffer" }).notNull(),
  savedAt: integer("saved_at").notNull(),
});

/** How often a flag was asked for in an hour, by what it gave; the variant of no name is the caller's default. */
export const evaluations = sqliteTable(
  "evaluations",
  {
    flag: text("flag").notNull(),
    environment: text("environment").notNull(),
    hour: integer("hour").notNull(),
    variant: text("variant").notNull(),
    count: integer("count").notNull(),
    lastAt: integer("last_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.flag, table.environment, table.hour, table.variant] })],
);

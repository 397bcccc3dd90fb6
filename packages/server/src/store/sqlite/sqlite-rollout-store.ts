import type { Evidence, RolloutRecord } from "../../domain/rollout/effect.ts";
import { flagManaged } from "../../domain/problems.ts";
import type { ChannelRecord } from "../../ports/channel-store.ts";
import type {
  CommitResult,
  CreateResult,
  LoggedEvent,
  LoggedRecord,
  OutboxRow,
  PlanFilter,
  PlanRecord,
  Pruned,
  RolloutCommit,
  RolloutRow,
  RolloutStore,
} from "../../ports/rollout-store.ts";
import type { ChangeMeta, ConfigRecord } from "../../ports/store.ts";
import { changedFields } from "../changes.ts";
import { channelSubject, flagMeta, resendSubject, rolloutAudit } from "../rollout-audit.ts";
import { ChannelRows } from "./channel-rows.ts";
import { OutboxRows } from "./outbox-rows.ts";
import { PlanRows } from "./plan-rows.ts";
import type { RolloutRows } from "./rollout-rows.ts";
import type { Session } from "./session.ts";
import type { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

interface Parts {
  readonly session: Session;
  readonly tables: Tables;
  readonly writer: Writer;
}

/** What a step does to its flag, done. */
type FlagChanged =
  | { readonly kind: "done"; readonly changed: boolean; readonly revision: number }
  | Exclude<CommitResult, { kind: "committed" | "conflict" }>;

/** Thrown inside a transaction to roll it back with an answer. */
class Undo extends Error {
  readonly result: CommitResult;

  constructor(result: CommitResult) {
    super(result.kind);
    this.result = result;
  }
}

/** Rollouts in the tables beside the flags', written through the same queue and in the same transactions. */
export class SqliteRolloutStore implements RolloutStore {
  readonly #tables: Tables;
  readonly #rollouts: RolloutRows;
  readonly #plans: PlanRows;
  readonly #outbox: OutboxRows;
  readonly #channels: ChannelRows;
  readonly #writer: Writer;

  constructor({ session, tables, writer }: Parts) {
    this.#tables = tables;
    this.#rollouts = tables.rollouts;
    this.#plans = new PlanRows(session);
    this.#outbox = new OutboxRows(session);
    this.#channels = new ChannelRows(session);
    this.#writer = writer;
  }

  savePlan(plan: Omit<PlanRecord, "version">): Promise<PlanRecord> {
    return this.#writer.write(false, () => this.#plans.get(plan.digest) ?? this.#plans.add(plan));
  }

  async plan(digest: string): Promise<PlanRecord | undefined> {
    return this.#plans.get(digest);
  }

  async plans(filter: PlanFilter): Promise<readonly PlanRecord[]> {
    return this.#plans.list(filter);
  }

  createRollout(
    ...[row, records, { actor }, more = {}]: Parameters<RolloutStore["createRollout"]>
  ): Promise<CreateResult> {
    return this.#writer.write(false, (): CreateResult => {
      const found = this.#tables.configs.get(row.environment, row.flag);
      if (found === undefined) return { kind: "flagMissing" };
      const other = this.#rollouts.openOn(row.environment, row.flag);
      if (other !== undefined) return { kind: "busy", id: other };
      const problem = more.refuse?.(found.record, found.definition);
      if (problem !== undefined) return { kind: "refused", problem };
      this.#rollouts.insert(row);
      for (const message of more.outbox ?? []) this.#outbox.add(message);
      this.#tell(row, 0, records, actor);
      return { kind: "created" };
    });
  }

  async rollout(id: string): Promise<RolloutRow | undefined> {
    return this.#rollouts.get(id);
  }

  async rollouts(filter: Parameters<RolloutStore["rollouts"]>[0]): Promise<readonly RolloutRow[]> {
    return this.#rollouts.list(filter);
  }

  async commitRollout(commit: RolloutCommit): Promise<CommitResult> {
    try {
      return await this.#writer.write(commit.flag?.urgent === true, () => this.#commit(commit));
    } catch (error) {
      if (error instanceof Undo) return error.result;
      throw error;
    }
  }

  async rolloutEvents(id: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    return this.#rollouts.events(id, after, limit);
  }

  async rolloutRecords(id: string, after: number, limit: number): Promise<readonly LoggedRecord[]> {
    return this.#rollouts.records(id, after, limit);
  }

  async rolloutEvidence(id: string): Promise<readonly Evidence[]> {
    return this.#rollouts.evidence(id);
  }

  async outboxDue(now: number, limit: number, except: readonly string[] = []): Promise<readonly OutboxRow[]> {
    return this.#outbox.due(now, limit, except);
  }

  outboxSent(key: string): Promise<void> {
    return this.#writer.write(false, () => this.#outbox.sent(key));
  }

  outboxFailed(
    key: string,
    failure: { readonly error: string; readonly dueAt: number; readonly dead: boolean },
  ): Promise<void> {
    return this.#writer.write(false, () => this.#outbox.failed(key, failure));
  }

  async outbox(filter: {
    readonly status?: OutboxRow["status"];
    readonly limit: number;
  }): Promise<readonly OutboxRow[]> {
    return this.#outbox.list(filter);
  }

  outboxResend(...[which, meta]: Parameters<RolloutStore["outboxResend"]>): Promise<number> {
    return this.#writer.write(false, () => {
      const count = this.#outbox.resend(which, meta.at);
      if (count > 0) this.#tables.audit.append(meta, resendSubject(which, count));
      return count;
    });
  }

  prune(before: number, limit: number): Promise<Pruned> {
    return this.#writer.write(false, () => ({
      messages: this.#outbox.prune(before, limit),
      events: this.#rollouts.prune(before, limit),
    }));
  }

  async channels(): Promise<readonly ChannelRecord[]> {
    return this.#channels.all();
  }

  async channel(name: string): Promise<ChannelRecord | undefined> {
    return this.#channels.get(name);
  }

  saveChannel(
    ...[channel, countMax, meta]: Parameters<RolloutStore["saveChannel"]>
  ): ReturnType<RolloutStore["saveChannel"]> {
    return this.#writer.write(false, () => {
      const before = this.#channels.get(channel.name);
      if (this.#channels.countOthers(channel.name) >= countMax) return "full";
      this.#channels.save({ ...channel, updatedAt: meta.at, updatedBy: meta.actor });
      this.#tables.audit.append(meta, channelSubject(channel.name, before, channel));
      return before === undefined ? "created" : "changed";
    });
  }

  removeChannel(name: string, meta: ChangeMeta): Promise<boolean> {
    return this.#writer.write(false, () => {
      const before = this.#channels.get(name);
      if (before === undefined) return false;
      this.#channels.remove(name);
      this.#tables.audit.append(meta, channelSubject(name, before, undefined));
      return true;
    });
  }

  #commit(commit: RolloutCommit): CommitResult {
    const row = this.#rollouts.get(commit.id);
    if (row === undefined || row.seq !== commit.expectedSeq) return { kind: "conflict" };
    this.#refuseReopening(row, commit);
    const flag = commit.flag && this.#changeFlag(row, commit, commit.flag);
    if (flag && flag.kind !== "done") throw new Undo(flag);
    const seq = row.seq + commit.events.length;
    this.#rollouts.update(row, commit, seq);
    this.#rollouts.addEvents(row.id, row.seq, commit.events);
    this.#rollouts.addEvidence(row.id, seq, commit.evidence);
    for (const message of commit.outbox) this.#outbox.add(message);
    this.#tell(row, seq, commit.records, commit.actor);
    return { kind: "committed", seq, ...(flag && { flag: { changed: flag.changed, revision: flag.revision } }) };
  }

  /** A completed rollout that is rolled back takes its flag again; another one may have it by now. */
  #refuseReopening(row: RolloutRow, commit: RolloutCommit): void {
    if (row.endedAt === undefined || commit.endedAt !== undefined) return;
    const other = this.#rollouts.openOn(row.environment, row.flag);
    if (other !== undefined) throw new Undo({ kind: "refused", problem: flagManaged(row.flag, other) });
  }

  #changeFlag(row: RolloutRow, commit: RolloutCommit, flag: NonNullable<RolloutCommit["flag"]>): FlagChanged {
    const found = this.#tables.configs.get(row.environment, row.flag);
    if (found === undefined) return { kind: "flagMissing" };
    const { record: before, definition } = found;
    const decision = flag.decide(before, definition);
    if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
    if (decision.kind === "keep") return { kind: "done", changed: false, revision: before.revision };
    const meta = flagMeta(commit, flag);
    const revision = this.#tables.environments.advance(row.environment, { kind: "flag", key: row.flag }, meta);
    const after: ConfigRecord = {
      ...before,
      config: decision.next,
      revision,
      updatedAt: commit.at,
      updatedBy: commit.actor,
    };
    this.#tables.configs.update(after);
    this.#tables.audit.append(meta, {
      target: `flag/${row.flag}`,
      environment: row.environment,
      revision,
      ...changedFields(before.config, after.config),
    });
    return { kind: "done", changed: true, revision };
  }

  #tell(row: RolloutRow, seq: number, records: readonly RolloutRecord[], actor: string): void {
    this.#rollouts.addRecords(row.id, seq, records);
    for (const record of records) {
      const { meta, subject } = rolloutAudit(row.id, row.environment, record, actor);
      this.#tables.audit.append(meta, subject);
    }
  }
}

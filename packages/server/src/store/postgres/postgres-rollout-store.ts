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
import { EVALUATOR } from "./lease-rows.ts";
import type { Pool } from "./pool.ts";
import { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

interface Parts {
  readonly pool: Pool;
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

/** Rollouts in the tables beside the flags', in the same transactions. */
export class PostgresRolloutStore implements RolloutStore {
  readonly #pool: Pool;
  readonly #writer: Writer;

  constructor({ pool, writer }: Parts) {
    this.#pool = pool;
    this.#writer = writer;
  }

  savePlan(plan: Omit<PlanRecord, "version">): Promise<PlanRecord> {
    return this.#audited(async ({ plans }) => (await plans.get(plan.digest)) ?? (await plans.add(plan)));
  }

  async plan(digest: string): Promise<PlanRecord | undefined> {
    return this.#read((tables) => tables.plans.get(digest));
  }

  async plans(filter: PlanFilter): Promise<readonly PlanRecord[]> {
    return this.#read((tables) => tables.plans.list(filter));
  }

  createRollout(
    ...[row, records, { actor }, more = {}]: Parameters<RolloutStore["createRollout"]>
  ): Promise<CreateResult> {
    return this.#audited(async (tables): Promise<CreateResult> => {
      const found = await tables.configs.get(row.environment, row.flag);
      if (found === undefined) return { kind: "flagMissing" };
      const other = await tables.rollouts.openOn(row.environment, row.flag);
      if (other !== undefined) return { kind: "busy", id: other };
      const problem = more.refuse?.(found.record, found.definition);
      if (problem !== undefined) return { kind: "refused", problem };
      await tables.rollouts.insert(row);
      for (const message of more.outbox ?? []) await tables.outbox.add(message);
      await tell(tables, row, 0, records, actor);
      return { kind: "created" };
    });
  }

  async rollout(id: string): Promise<RolloutRow | undefined> {
    return this.#read((tables) => tables.rollouts.get(id));
  }

  async rollouts(filter: Parameters<RolloutStore["rollouts"]>[0]): Promise<readonly RolloutRow[]> {
    return this.#read((tables) => tables.rollouts.list(filter));
  }

  async commitRollout(commit: RolloutCommit): Promise<CommitResult> {
    try {
      return await this.#inTransaction(commit, (tables) => this.#commit(tables, commit));
    } catch (error) {
      if (error instanceof Undo) return error.result;
      throw error;
    }
  }

  async rolloutEvents(id: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    return this.#read((tables) => tables.rollouts.events(id, after, limit));
  }

  async rolloutRecords(id: string, after: number, limit: number): Promise<readonly LoggedRecord[]> {
    return this.#read((tables) => tables.rollouts.records(id, after, limit));
  }

  async rolloutEvidence(id: string): Promise<readonly Evidence[]> {
    return this.#read((tables) => tables.rollouts.evidence(id));
  }

  async outboxDue(now: number, limit: number, except: readonly string[] = []): Promise<readonly OutboxRow[]> {
    return this.#read((tables) => tables.outbox.due(now, limit, except));
  }

  outboxSent(key: string): Promise<void> {
    return this.#plain((tables) => tables.outbox.sent(key));
  }

  outboxFailed(
    key: string,
    failure: { readonly error: string; readonly dueAt: number; readonly dead: boolean },
  ): Promise<void> {
    return this.#plain((tables) => tables.outbox.failed(key, failure));
  }

  async outbox(filter: {
    readonly status?: OutboxRow["status"];
    readonly limit: number;
  }): Promise<readonly OutboxRow[]> {
    return this.#read((tables) => tables.outbox.list(filter));
  }

  outboxResend(...[which, meta]: Parameters<RolloutStore["outboxResend"]>): Promise<number> {
    return this.#audited(async (tables) => {
      const count = await tables.outbox.resend(which, meta.at);
      if (count > 0) await tables.audit.append(meta, resendSubject(which, count));
      return count;
    });
  }

  prune(before: number, limit: number): Promise<Pruned> {
    return this.#plain(async ({ outbox, rollouts }) => ({
      messages: await outbox.prune(before, limit),
      events: await rollouts.prune(before, limit),
    }));
  }

  async channels(): Promise<readonly ChannelRecord[]> {
    return this.#read((tables) => tables.channels.all());
  }

  async channel(name: string): Promise<ChannelRecord | undefined> {
    return this.#read((tables) => tables.channels.get(name));
  }

  saveChannel(
    ...[channel, countMax, meta]: Parameters<RolloutStore["saveChannel"]>
  ): ReturnType<RolloutStore["saveChannel"]> {
    return this.#audited(async (tables) => {
      const before = await tables.channels.get(channel.name);
      if ((await tables.channels.countOthers(channel.name)) >= countMax) return "full";
      await tables.channels.save({ ...channel, updatedAt: meta.at, updatedBy: meta.actor });
      await tables.audit.append(meta, channelSubject(channel.name, before, channel));
      return before === undefined ? "created" : "changed";
    });
  }

  removeChannel(name: string, meta: ChangeMeta): Promise<boolean> {
    return this.#audited(async (tables) => {
      const before = await tables.channels.get(name);
      if (before === undefined) return false;
      await tables.channels.remove(name);
      await tables.audit.append(meta, channelSubject(name, before, undefined));
      return true;
    });
  }

  /** A sampling that tells nobody anything takes no turn among the audited writes. */
  #inTransaction<T>({ flag, records }: RolloutCommit, body: (tables: Tables) => Promise<T>): Promise<T> {
    if (flag === undefined && records.length === 0) return this.#plain(body);
    return this.#writer.audited(flag?.urgent === true, (tx) => body(new Tables(tx)));
  }

  async #commit(tables: Tables, commit: RolloutCommit): Promise<CommitResult> {
    const row = await tables.rollouts.hold(commit.id);
    if (row === undefined || row.seq !== commit.expectedSeq) return { kind: "conflict" };
    if (commit.fence !== undefined && !(await tables.leases.isHeld(EVALUATOR, commit.fence))) return { kind: "fenced" };
    await refuseReopening(tables, row, commit);
    const flag = commit.flag && (await changeFlag(tables, row, commit, commit.flag));
    if (flag && flag.kind !== "done") throw new Undo(flag);
    const seq = row.seq + commit.events.length;
    await tables.rollouts.update(row, commit, seq);
    await tables.rollouts.addEvents(row.id, row.seq, commit.events);
    await tables.rollouts.addEvidence(row.id, seq, commit.evidence);
    for (const message of commit.outbox) await tables.outbox.add(message);
    await tell(tables, row, seq, commit.records, commit.actor);
    return { kind: "committed", seq, ...(flag && { flag: { changed: flag.changed, revision: flag.revision } }) };
  }

  #read<T>(body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#pool.run((session) => body(new Tables(session)));
  }

  #plain<T>(body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#writer.plain((tx) => body(new Tables(tx)));
  }

  #audited<T>(body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#writer.audited(false, (tx) => body(new Tables(tx)));
  }
}

/** A completed rollout that is rolled back takes its flag again; another one may have it by now. */
async function refuseReopening(tables: Tables, row: RolloutRow, commit: RolloutCommit): Promise<void> {
  if (row.endedAt === undefined || commit.endedAt !== undefined) return;
  const other = await tables.rollouts.openOn(row.environment, row.flag);
  if (other !== undefined) throw new Undo({ kind: "refused", problem: flagManaged(row.flag, other) });
}

async function changeFlag(
  tables: Tables,
  row: RolloutRow,
  commit: RolloutCommit,
  flag: NonNullable<RolloutCommit["flag"]>,
): Promise<FlagChanged> {
  const found = await tables.configs.get(row.environment, row.flag);
  if (found === undefined) return { kind: "flagMissing" };
  const { record: before, definition } = found;
  const decision = flag.decide(before, definition);
  if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
  if (decision.kind === "keep") return { kind: "done", changed: false, revision: before.revision };
  const meta = flagMeta(commit, flag);
  const revision = await tables.environments.advance(row.environment, { kind: "flag", key: row.flag }, meta);
  const after: ConfigRecord = {
    ...before,
    config: decision.next,
    revision,
    updatedAt: commit.at,
    updatedBy: commit.actor,
  };
  await tables.configs.update(after);
  await tables.audit.append(meta, {
    target: `flag/${row.flag}`,
    environment: row.environment,
    revision,
    ...changedFields(before.config, after.config),
  });
  return { kind: "done", changed: true, revision };
}

async function tell(
  tables: Tables,
  row: RolloutRow,
  seq: number,
  records: readonly RolloutRecord[],
  actor: string,
): Promise<void> {
  await tables.rollouts.addRecords(row.id, seq, records);
  for (const record of records) {
    const { meta, subject } = rolloutAudit(row.id, row.environment, record, actor);
    await tables.audit.append(meta, subject);
  }
}

import { incidentActOf } from "../domain/notify/incident.ts";
import { flagManaged } from "../domain/problems.ts";
import type { Evidence, RolloutRecord } from "../domain/rollout/effect.ts";
import type {
  CommitResult,
  CreateResult,
  LoggedEvent,
  LoggedRecord,
  OutboxMessage,
  OutboxRow,
  PlanFilter,
  PlanRecord,
  Pruned,
  RolloutCommit,
  RolloutRow,
  RolloutStore,
} from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import { createMemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
import { SAMPLING_EVENTS } from "./limits.ts";
import { MemoryChannels } from "./memory-channels.ts";
import { flagMeta, resendSubject, rolloutAudit } from "./rollout-audit.ts";

interface Entry {
  row: RolloutRow;
  readonly events: LoggedEvent[];
  readonly records: LoggedRecord[];
  readonly evidence: Evidence[];
}

/** Both stores over the same memory. */
export function createMemoryStores(options: Pick<MemoryStoreOptions, "random">): {
  readonly store: Store;
  readonly rollouts: RolloutStore;
} {
  const entries = new Map<string, Entry>();
  const openOn = (environment: string, flag: string): string | undefined =>
    [...entries.values()].find(
      ({ row }) => row.environment === environment && row.flag === flag && row.endedAt === undefined,
    )?.row.id;
  const store = createMemoryStore({ ...options, rolloutOn: openOn });
  return { store, rollouts: new MemoryRolloutStore(store, entries, openOn) };
}

class MemoryRolloutStore extends MemoryChannels implements RolloutStore {
  readonly #store: Store;
  readonly #entries: Map<string, Entry>;
  readonly #openOn: (environment: string, flag: string) => string | undefined;
  readonly #plans = new Map<string, PlanRecord>();
  readonly #outbox = new Map<string, OutboxRow>();
  /** One write at a time, as in a transaction. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    store: Store,
    entries: Map<string, Entry>,
    openOn: (environment: string, flag: string) => string | undefined,
  ) {
    super(store);
    this.#store = store;
    this.#entries = entries;
    this.#openOn = openOn;
  }

  async savePlan(plan: Omit<PlanRecord, "version">): Promise<PlanRecord> {
    const known = this.#plans.get(plan.digest);
    if (known) return known;
    const version = [...this.#plans.values()].filter((one) => one.name === plan.name).length + 1;
    const record = { ...plan, version };
    this.#plans.set(plan.digest, record);
    return record;
  }

  async plan(digest: string): Promise<PlanRecord | undefined> {
    return this.#plans.get(digest);
  }

  async plans({ name, newest, limit }: PlanFilter): Promise<readonly PlanRecord[]> {
    const all = [...this.#plans.values()];
    const isNewest = (plan: PlanRecord) =>
      !all.some((other) => other.name === plan.name && other.version > plan.version);
    const wanted = all.filter((plan) => (name === undefined || plan.name === name) && (!newest || isNewest(plan)));
    return newestFirst(wanted).slice(0, limit);
  }

  createRollout(
    ...[row, records, { actor }, more = {}]: Parameters<RolloutStore["createRollout"]>
  ): Promise<CreateResult> {
    return this.#alone(async () => {
      const config = await this.#store.config(row.environment, row.flag);
      const flag = await this.#store.flag(row.flag);
      if (config === undefined || flag === undefined) return { kind: "flagMissing" };
      const other = this.#openOn(row.environment, row.flag);
      if (other !== undefined) return { kind: "busy", id: other };
      const problem = more.refuse?.(config, flag.definition);
      if (problem !== undefined) return { kind: "refused", problem };
      const entry: Entry = { row, events: [], records: [], evidence: [] };
      this.#entries.set(row.id, entry);
      this.#send(more.outbox ?? []);
      await this.#tell(entry, 0, records, actor);
      return { kind: "created" };
    });
  }

  async rollout(id: string): Promise<RolloutRow | undefined> {
    return this.#entries.get(id)?.row;
  }

  async rollouts({
    active,
    due,
    flag,
    environment,
    limit,
  }: Parameters<RolloutStore["rollouts"]>[0]): Promise<readonly RolloutRow[]> {
    const rows = [...this.#entries.values()]
      .map((entry) => entry.row)
      .filter((row) => (!active || row.endedAt === undefined) && (!due || row.dueAt !== undefined))
      .filter(
        (row) =>
          (flag === undefined || row.flag === flag) && (environment === undefined || row.environment === environment),
      );
    return newestFirst(rows).slice(0, limit);
  }

  commitRollout(commit: RolloutCommit): Promise<CommitResult> {
    return this.#alone(() => this.#commit(commit));
  }

  async rolloutEvents(id: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    return (this.#entries.get(id)?.events ?? []).filter((event) => event.seq > after).slice(0, limit);
  }

  async rolloutRecords(id: string, after: number, limit: number): Promise<readonly LoggedRecord[]> {
    return (this.#entries.get(id)?.records ?? []).filter((record) => record.id > after).slice(0, limit);
  }

  async rolloutEvidence(id: string): Promise<readonly Evidence[]> {
    return [...(this.#entries.get(id)?.evidence ?? [])];
  }

  async outboxDue(now: number, limit: number, except: readonly string[] = []): Promise<readonly OutboxRow[]> {
    const heads = new Map<string, OutboxRow>();
    for (const row of this.#outbox.values()) {
      const lane = JSON.stringify([row.channel, row.rolloutId, isOnlyTold(row)]);
      if (row.status === "waiting" && !heads.has(lane)) heads.set(lane, row);
    }
    return [...heads.values()]
      .filter((row) => row.dueAt <= now && !except.includes(row.channel))
      .toSorted((a, b) => Number(isOnlyTold(a)) - Number(isOnlyTold(b)) || a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  async outboxSent(key: string): Promise<void> {
    this.#changeMessage(key, (row) => ({ ...row, status: "sent" }));
  }

  async outboxFailed(key: string, { error, dueAt, dead }: Parameters<RolloutStore["outboxFailed"]>[1]): Promise<void> {
    this.#changeMessage(key, (row) => ({
      ...row,
      status: dead ? "dead" : "waiting",
      attempts: row.attempts + 1,
      dueAt,
      lastError: error,
    }));
  }

  async outbox({ status, limit }: Parameters<RolloutStore["outbox"]>[0]): Promise<readonly OutboxRow[]> {
    return newestFirst([...this.#outbox.values()].filter((row) => status === undefined || row.status === status)).slice(
      0,
      limit,
    );
  }

  outboxResend(...[{ key, channel }, meta]: Parameters<RolloutStore["outboxResend"]>): Promise<number> {
    return this.#alone(async () => {
      const meant = [...this.#outbox.values()].filter(
        (row) =>
          row.status === "dead" &&
          (key === undefined || row.key === key) &&
          (channel === undefined || row.channel === channel),
      );
      for (const row of meant) this.#outbox.set(row.key, { ...row, status: "waiting", attempts: 0, dueAt: meta.at });
      const which = { ...(key !== undefined && { key }), ...(channel !== undefined && { channel }) };
      if (meant.length > 0) await this.#store.appendAudit(resendSubject(which, meant.length), meta);
      return meant.length;
    });
  }

  async prune(before: number, limit: number): Promise<Pruned> {
    const done = [...this.#outbox.values()].filter((row) => row.status !== "waiting" && row.createdAt < before);
    for (const { key } of done.slice(0, limit)) this.#outbox.delete(key);
    const isSampling = ({ event }: LoggedEvent): boolean => SAMPLING_EVENTS.some((kind) => kind === event.kind);
    const over = [...this.#entries.values()].find(
      ({ row, events }) => (row.endedAt ?? before) < before && row.dueAt === undefined && events.some(isSampling),
    );
    const messages = Math.min(done.length, limit);
    if (over === undefined) return { messages, events: 0 };
    const dropped = new Set(over.events.filter(isSampling).slice(0, limit));
    over.row = { ...over.row, logBase: { seq: over.row.seq, state: over.row.state } };
    over.events.splice(0, over.events.length, ...over.events.filter((event) => !dropped.has(event)));
    return { messages, events: dropped.size };
  }

  async #commit(commit: RolloutCommit): Promise<CommitResult> {
    const entry = this.#entries.get(commit.id);
    if (entry === undefined || entry.row.seq !== commit.expectedSeq) return { kind: "conflict" };
    const { row } = entry;
    const other =
      row.endedAt !== undefined && commit.endedAt === undefined ? this.#openOn(row.environment, row.flag) : undefined;
    if (other !== undefined) return { kind: "refused", problem: flagManaged(row.flag, other) };
    const flag = commit.flag && (await this.#changeFlag(row, commit, commit.flag));
    if (flag && flag.kind !== "done") return flag;
    const seq = row.seq + commit.events.length;
    const { endedAt: _, dueAt: __, ...kept } = row;
    entry.row = {
      ...kept,
      state: commit.state,
      seq,
      planDigest: commit.planDigest ?? row.planDigest,
      ...(commit.endedAt !== undefined && { endedAt: commit.endedAt }),
      ...(commit.dueAt !== undefined && { dueAt: commit.dueAt }),
    };
    commit.events.forEach((event, index) => entry.events.push({ seq: row.seq + 1 + index, event }));
    entry.evidence.push(...commit.evidence);
    this.#send(commit.outbox);
    await this.#tell(entry, seq, commit.records, commit.actor);
    return { kind: "committed", seq, ...(flag && { flag: { changed: flag.changed, revision: flag.revision } }) };
  }

  async #changeFlag(row: RolloutRow, commit: RolloutCommit, flag: NonNullable<RolloutCommit["flag"]>) {
    const written = await this.#store.changeConfig(
      row.environment,
      row.flag,
      (current, { definition }) => flag.decide(current, definition),
      flagMeta(commit, flag),
    );
    switch (written.kind) {
      case "written":
        return { kind: "done", changed: true, revision: written.after.revision } as const;
      case "kept":
        return { kind: "done", changed: false, revision: written.record.revision } as const;
      case "refused":
        return { kind: "refused", problem: written.problem } as const;
      case "missing":
        return { kind: "flagMissing" } as const;
    }
  }

  async #tell(entry: Entry, seq: number, records: readonly RolloutRecord[], actor: string): Promise<void> {
    for (const record of records) {
      entry.records.push({ id: entry.records.length + 1, seq, record });
      const { meta, subject } = rolloutAudit(entry.row.id, entry.row.environment, record, actor);
      await this.#store.appendAudit(subject, meta);
    }
  }

  #send(messages: readonly OutboxMessage[]): void {
    for (const message of messages) {
      const { channel, rolloutId, createdAt } = message;
      for (const row of this.#outbox.values()) {
        const isBefore = row.status === "waiting" && row.channel === channel && row.rolloutId === rolloutId;
        if (isBefore && row.dueAt > createdAt) this.#outbox.set(row.key, { ...row, dueAt: createdAt });
      }
      this.#outbox.set(message.key, { ...message, attempts: 0, dueAt: message.createdAt, status: "waiting" });
    }
  }

  #changeMessage(key: string, change: (row: OutboxRow) => OutboxRow): void {
    const row = this.#outbox.get(key);
    if (row) this.#outbox.set(key, change(row));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Of equal age, the one that was added last comes first. */
function newestFirst<T extends { readonly createdAt: number }>(rows: readonly T[]): readonly T[] {
  return rows.toReversed().toSorted((a, b) => b.createdAt - a.createdAt);
}

const isOnlyTold = ({ notify }: OutboxRow): boolean => incidentActOf(notify.event) === "none";

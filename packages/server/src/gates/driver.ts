import type { Plan } from "../domain/plan/types.ts";
import type { ConfigRecord } from "../domain/records.ts";
import { alignedInstant, nextDeadline, nextSampleAt } from "../domain/rollout/deadline.ts";
import { metricsToCapture } from "../domain/rollout/baseline.ts";
import type { KeptAnswer, RolloutRecord } from "../domain/rollout/effect.ts";
import type { RolloutEvent } from "../domain/rollout/event.ts";
import type { EpochMs } from "../domain/rollout/instant.ts";
import { isUnseen } from "../domain/rollout/sight.ts";
import { isOver, type RolloutState } from "../domain/rollout/state.ts";
import { step } from "../domain/rollout/step.ts";
import type { Scrub } from "../domain/secrets/scrub.ts";
import type { Clock } from "../ports/clock.ts";
import type { Emergency, ToldKill } from "../ports/emergency.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { CommitResult, RolloutCommit, RolloutRow, RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import type { TakenBack } from "../ports/taken-back.ts";
import { commitOf, dueAtOf, flagless, rowAfter, stamped } from "./commit.ts";
import { explained } from "./explained.ts";
import { isOwnAccord, movesFlag, refusedBy, stops, type Fact, type Outcome, type Waiting } from "./facts.ts";
import { captureBaselines, oldestAgeOf, sampleAll, type Providers } from "./sampler.ts";
import { steadyTime } from "./steady-time.ts";

/** What a driver works with. */
export interface DriverParts {
  readonly store: Pick<RolloutStore, "commitRollout" | "rollout">;
  readonly config: (environment: string, flag: string) => Promise<ConfigRecord | undefined>;
  readonly audit: Store["audit"];
  /** Sends what was committed to the streams. Never rejects. */
  readonly publish: (environment: string) => Promise<void>;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Pick<Meter, "rolloutLeg">;
  readonly scrub: Scrub;
  readonly leadership: Leadership;
  /** The plan that a stored rollout runs by now. */
  readonly planOf: (row: RolloutRow) => Promise<Plan>;
  /** What a rollback goes through that can't be stored. */
  readonly emergency: Emergency;
  /** Called when a flag that the rollout took back was written to the streams. */
  readonly onTakenBack?: (takenBack: TakenBack) => void;
  /** Called with each committed step, in their order. */
  readonly onStep: (step: {
    readonly before: RolloutRow;
    readonly after: RolloutRow;
    readonly records: readonly RolloutRecord[];
  }) => void;
}

/** Events that may wait their turn; a rollback and what follows a kill always find a place. */
const WAITING_MAX = 100;

/** Another evaluator took a step in between: the step is taken anew on what is there, at most this often. */
const CONFLICTS_MAX = 5;

/** After a step that could not be stored the metrics are left alone for this long. Events that come in don't wait for it. */
const QUIET_AFTER_FAILURE_MS = 1000;

/**
 * Runs one rollout: takes its events one at a time, each as a step and a transaction, and sees that it is sampled and ticked when
 * it is due. All it remembers is in the stored row; losing it loses nothing.
 */
export class Driver {
  readonly #parts: DriverParts;
  #time: () => EpochMs;
  readonly #waiting: Waiting[] = [];
  #row: RolloutRow;
  #plan: Plan;
  #dueAt: EpochMs | undefined;
  #isBusy = false;
  #working: Promise<void> = Promise.resolve();
  #isLooking = false;
  #isHalted = false;
  /** Of the newest sampling of this process. */
  #answers: readonly KeptAnswer[] = [];
  #quietUntilMs = -Infinity;
  /** The newest sampling when this process took the rollout up. */
  readonly #foundSampleAt: EpochMs | undefined;
  /** Where samples led that could not be stored: so that a rollback is decided while the store is dead. */
  #ahead: RolloutState | undefined;

  constructor(row: RolloutRow, plan: Plan, parts: DriverParts) {
    this.#row = row;
    this.#plan = plan;
    this.#parts = parts;
    this.#time = steadyTime(parts.clock, row.state.now);
    this.#foundSampleAt = row.state.lastSampleAt;
    this.#dueAt = dueAtOf(plan, row.state);
  }

  get row(): RolloutRow {
    return this.#row;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** The rollout's own time. */
  get now(): EpochMs {
    return this.#time();
  }

  /** When to look at it next; undefined: only an event can move it. */
  get dueAt(): EpochMs | undefined {
    return this.#dueAt;
  }

  get isIdle(): boolean {
    return !this.#isBusy && !this.#isLooking && this.#waiting.length === 0;
  }

  /** Takes an event in its turn; what stops goes before what waits. With a `planEdited` event goes the new `plan`. */
  deliver(fact: Fact, plan?: Plan): Promise<Outcome> {
    return this.#enqueue(fact, { plan, begunMs: this.#parts.clock.monotonicMs() });
  }

  #enqueue(fact: Fact, { plan, begunMs }: Pick<Waiting, "plan" | "begunMs">): Promise<Outcome> {
    return new Promise((settle) => {
      const first = stops(fact);
      const why = this.#isHalted
        ? "the server is going"
        : !first && this.#waiting.length >= WAITING_MAX
          ? `${WAITING_MAX} events wait already`
          : undefined;
      if (why !== undefined) {
        settle({ kind: "failed", error: new Error(`rollout ${this.#row.id}: ${why}`) });
        return;
      }
      const one: Waiting = { fact, plan, begunMs, sinceMs: this.#parts.clock.monotonicMs(), settle };
      if (first) this.#waiting.unshift(one);
      else this.#waiting.push(one);
      if (!this.#isBusy) this.#working = this.#work();
    });
  }

  /** Takes over what another server made of the rollout since. */
  async renew(row: RolloutRow): Promise<void> {
    const before = this.#row;
    if (this.#isBusy || row.seq <= before.seq) return;
    const plan = await this.#parts.planOf(row);
    if (this.#isBusy || row.seq <= this.#row.seq) return;
    this.#hold(row, plan);
    this.#parts.onStep({ before, after: row, records: [] });
  }

  /** Takes no further event, and resolves when those that came are stored. */
  async halt(): Promise<void> {
    this.#isHalted = true;
    while (this.#isBusy) await this.#working;
  }

  /** Samples or ticks when it is due; call it often. Never rejects, and never runs twice at once. */
  async look(): Promise<void> {
    const { clock } = this.#parts;
    const isDue = this.#dueAt !== undefined && this.now >= this.#dueAt && clock.monotonicMs() >= this.#quietUntilMs;
    if (this.#isLooking || !isDue) return;
    this.#isLooking = true;
    try {
      if (!(await this.#attend())) this.#quietUntilMs = clock.monotonicMs() + QUIET_AFTER_FAILURE_MS;
    } catch (error) {
      this.#quietUntilMs = clock.monotonicMs() + QUIET_AFTER_FAILURE_MS;
      this.#parts.logger.error(
        { rollout: this.#row.id, err: error },
        "a look at a rollout failed; the next one follows",
      );
    } finally {
      this.#isLooking = false;
    }
  }

  /** What somebody did to the flag by hand while nobody told: a kill and a deletion end the rollout. */
  async reconcile(): Promise<void> {
    if (!movesFlag(this.#row.state)) return;
    const config = await this.#parts.config(this.#row.environment, this.#row.flag);
    if (!movesFlag(this.#row.state)) return;
    if (config === undefined) await this.deliver({ kind: "flagDeleted", by: "unknown" });
    else if (!config.config.enabled) await this.deliver({ kind: "flagKilled", by: config.updatedBy });
  }

  /** False when something could not be stored. */
  async #attend(): Promise<boolean> {
    // A store that can't be read keeps nobody from watching the metrics.
    await this.reconcile().catch(() => undefined);
    if (!(await this.#captureBaselines())) return false;
    const now = this.#time();
    const sampleAt = nextSampleAt(this.#plan, this.#row.state);
    if (sampleAt !== undefined && now >= sampleAt) return this.#sample(now);
    const deadline = nextDeadline(this.#plan, this.#row.state);
    return deadline === undefined || now < deadline || this.#isStored({ kind: "tick" });
  }

  async #sample(now: EpochMs): Promise<boolean> {
    const sampledAt = alignedInstant(this.#plan, this.#row.state, now);
    const begunMs = this.#parts.clock.monotonicMs();
    // Providers live by the wall clock, whatever the rollout's own time says.
    const { values, answers } = await sampleAll(this.#plan, this.#parts);
    this.#answers = answers;
    const outcome = await this.#enqueue({ kind: "samples", sampledAt, values }, { plan: undefined, begunMs });
    return outcome.kind !== "failed";
  }

  async #captureBaselines(): Promise<boolean> {
    const { state } = this.#row;
    const names = metricsToCapture(this.#plan, state);
    if (names.length === 0 || isOver(state) || this.now < state.startAt) return true;
    const values = await captureBaselines(this.#plan, names, this.#parts.providers, this.#parts.clock.now());
    return Object.keys(values).length === 0 || this.#isStored({ kind: "baselineCaptured", values });
  }

  async #isStored(fact: Fact): Promise<boolean> {
    return (await this.deliver(fact)).kind !== "failed";
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.settle(await this.#take(next));
    }
    this.#isBusy = false;
  }

  async #take(waiting: Waiting): Promise<Outcome> {
    try {
      for (let attempt = 0; attempt < CONFLICTS_MAX; attempt += 1) {
        const outcome = await this.#attempt(waiting);
        if (outcome !== "again") return outcome;
      }
      throw new Error(`rollout ${this.#row.id} is changed by somebody else all the time`);
    } catch (error) {
      return this.#failed(waiting.fact, error);
    }
  }

  #failed(fact: Fact, error: unknown, told?: ToldKill): Outcome {
    this.#parts.logger.error(
      { rollout: this.#row.id, event: fact.kind, err: error },
      "an event of a rollout could not be stored",
    );
    return { kind: "failed", error, ...(told && { told }) };
  }

  async #attempt({ fact, plan = this.#plan, sinceMs, begunMs, settle }: Waiting): Promise<Outcome | "again"> {
    const isBlind = fact.kind !== "samples" && isUnseen(this.#row.state, this.#foundSampleAt);
    const event: RolloutEvent = { ...fact, at: this.#time(), ...(isBlind && { unseen: true }) };
    const next = step(plan, this.#row.state, event);
    const refused = next.effects.find((effect) => effect.kind === "refused");
    if (refused) return { kind: "refused", refusal: refused.refusal };
    if (fact.kind !== "tick")
      this.#parts.meter.rolloutLeg("decide", (this.#parts.clock.monotonicMs() - sinceMs) / 1000);
    const lease = isOwnAccord(fact) ? this.#parts.leadership.evaluating() : {};
    if (lease === undefined) return { kind: "failed", error: new Error("another server evaluates by now") };
    const commit = {
      ...(await explained(this.#stamp(commitOf(this.#row, plan, event, next)), this.#row, this.#parts.audit)),
      ...lease,
    };
    const decidedMs = this.#parts.clock.monotonicMs();
    const storing = this.#store(commit, plan, (changed) =>
      this.#parts.onTakenBack?.({
        ...(fact.kind === "samples" && oldestAgeOf(fact.values)),
        ...(fact.kind === "compared" && { dataAgeMs: fact.windowMs }),
        ...changed,
        decideMs: decidedMs - begunMs,
      }),
    );
    const protecting = commit.flag?.urgent ? this.#protect(storing, commit, fact) : undefined;
    if (protecting === undefined) storing.catch(() => this.#runAhead(plan, event));
    // A person does not wait for a store that says nothing, once clients know.
    else if (fact.kind === "command")
      void protecting.then((told) => told && settle({ kind: "failed", error: new Error("not stored yet"), told }));
    const result = await storing.catch((error: unknown) => ({ kind: "unstored" as const, error }));
    switch (result.kind) {
      case "unstored":
        return this.#failed(fact, result.error, await protecting);
      case "committed":
        return { kind: "done", row: this.#row };
      case "conflict":
        await this.#reload();
        return "again";
      case "fenced":
        return { kind: "failed", error: new Error(`rollout ${this.#row.id}: another server evaluates by now`) };
      case "refused":
        if (!movesFlag(this.#row.state)) return refusedBy(result.problem, fact);
        await this.#endByHand({ kind: "flagKilled", by: await this.#killer() });
        return "again";
      case "flagMissing":
        if (movesFlag(this.#row.state)) {
          await this.#endByHand({ kind: "flagDeleted", by: "unknown" });
          return "again";
        }
        // What should have been turned off is gone, which is as good.
        return this.#withoutFlag(commit, plan);
    }
  }

  /** The step asked for something that the flag, as somebody left it, does not allow: what that person did comes first. */
  async #endByHand(fact: Extract<Fact, { readonly kind: "flagKilled" | "flagDeleted" }>): Promise<void> {
    const event: RolloutEvent = { ...fact, at: this.#time() };
    const commit = this.#stamp(commitOf(this.#row, this.#plan, event, step(this.#plan, this.#row.state, event)));
    const result = await this.#store(fact.kind === "flagDeleted" ? flagless(commit) : commit, this.#plan);
    if (result.kind !== "committed") await this.#reload();
  }

  async #withoutFlag(commit: RolloutCommit, plan: Plan): Promise<Outcome | "again"> {
    const result = await this.#store(flagless(commit), plan);
    if (result.kind !== "committed") {
      await this.#reload();
      return "again";
    }
    this.#confirm(commit, 0);
    return { kind: "done", row: this.#row };
  }

  async #store(
    commit: RolloutCommit,
    plan: Plan,
    takenBack: (changed: Omit<TakenBack, "decideMs" | "dataAgeMs">) => void = () => undefined,
  ): Promise<CommitResult> {
    const { store, publish, meter, clock, onStep } = this.#parts;
    const startedMs = clock.monotonicMs();
    const result = await store.commitRollout(commit);
    if (result.kind !== "committed") return result;
    const committedAtMs = clock.monotonicMs();
    const commitMs = committedAtMs - startedMs;
    meter.rolloutLeg("commit", commitMs / 1000);
    const before = this.#row;
    this.#hold(rowAfter(before, commit, result.seq, plan.digest), plan);
    if (result.flag?.changed) {
      const { environment, id: rollout } = before;
      await publish(environment);
      if (commit.flag?.urgent)
        takenBack({ rollout, environment, revision: result.flag.revision, commitMs, committedAtMs });
    }
    if (result.flag) this.#confirm(commit, result.flag.revision);
    onStep({ before, after: this.#row, records: commit.records });
    return result;
  }

  /** A rollback that can't be stored is told to clients all the same; with `fact` it is taken once more until the store has it. */
  #protect(
    storing: Promise<unknown>,
    { flag: change, actor }: RolloutCommit,
    fact?: Fact,
  ): Promise<ToldKill | undefined> {
    const { environment, flag } = this.#row;
    const { action = "", reason = "" } = change ?? {};
    const isAnothers = (): boolean =>
      fact !== undefined && isOwnAccord(fact) && this.#parts.leadership.evaluating() === undefined;
    const again = fact && { again: async () => (await this.deliver(fact)).kind !== "failed" || isAnothers() };
    return this.#parts.emergency.watch(storing, { environment, flag, actor, action, reason, ...again });
  }

  /** Follows samples that could not be stored, one after the other, as far as a rollback; the kill then ends the rollout. */
  #runAhead(plan: Plan, event: RolloutEvent): void {
    if (event.kind !== "samples") return;
    const next = step(plan, this.#ahead ?? this.#row.state, event);
    this.#ahead = next.state;
    const commit = commitOf(this.#row, plan, event, next);
    if (commit.flag?.urgent) void this.#protect(Promise.reject(new Error("the store is dead")), commit);
  }

  #stamp(commit: RolloutCommit): RolloutCommit {
    return stamped(commit, { at: this.#parts.clock.now(), answers: this.#answers });
  }

  /** A rollback's flag change is durable: the rollout goes on from there. */
  #confirm(commit: RolloutCommit, revision: number): void {
    if (commit.flag?.urgent && commit.state.phase.kind === "rollingBack")
      void this.deliver({ kind: "rolledBackCommitted", revision });
  }

  async #killer(): Promise<string> {
    const config = await this.#parts.config(this.#row.environment, this.#row.flag);
    return config?.updatedBy ?? "unknown";
  }

  async #reload(): Promise<void> {
    const row = await this.#parts.store.rollout(this.#row.id);
    if (!row) throw new Error(`rollout ${this.#row.id} is not in the store any more`);
    this.#hold(row, await this.#parts.planOf(row));
  }

  #hold(row: RolloutRow, plan: Plan): void {
    this.#row = row;
    this.#plan = plan;
    this.#dueAt = dueAtOf(plan, row.state);
    this.#ahead = undefined;
    // Another server's clock may be ahead: what it stored has happened.
    if (row.state.now > this.#time()) this.#time = steadyTime(this.#parts.clock, row.state.now);
  }
}

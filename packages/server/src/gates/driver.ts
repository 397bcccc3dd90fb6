import type { Plan } from "../domain/plan/types.ts";
import { alignedInstant, nextDeadline, nextSampleAt } from "../domain/rollout/deadline.ts";
import { metricsToCapture } from "../domain/rollout/baseline.ts";
import type { Refusal as RolloutRefusal } from "../domain/rollout/effect.ts";
import type { RolloutEvent } from "../domain/rollout/event.ts";
import { isOver, type RolloutState } from "../domain/rollout/state.ts";
import { step } from "../domain/rollout/step.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { LoggedRecord, RolloutRow, RolloutStore } from "../ports/rollout-store.ts";
import type { ConfigRecord } from "../domain/records.ts";
import { commitOf, dueAtOf } from "./commit.ts";
import { captureBaselines, sampleAll, type Providers } from "./sampler.ts";

/** An event without its instant: the driver gives it one when its turn comes. */
export type Fact = RolloutEvent extends infer E ? (E extends RolloutEvent ? Omit<E, "at"> : never) : never;

export type Outcome =
  | { readonly kind: "done"; readonly row: RolloutRow }
  | { readonly kind: "refused"; readonly refusal: RolloutRefusal }
  /** Nothing was written; the caller may try again. */
  | { readonly kind: "failed"; readonly error: unknown };

export interface DriverParts {
  readonly store: Pick<RolloutStore, "commitRollout" | "rollout">;
  readonly config: (environment: string, flag: string) => Promise<ConfigRecord | undefined>;
  /** Sends what was committed to the streams. Never rejects. */
  readonly publish: (environment: string) => Promise<void>;
  readonly providers: Providers;
  /** The plan with its `${VARS}` filled in, for asking providers and nothing else. */
  readonly resolve: (plan: Plan) => Plan;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with each committed step. */
  readonly onStep: (row: RolloutRow, records: readonly LoggedRecord["record"][]) => void;
}

/** Events that may wait their turn; a rollback and what follows a kill always find a place. */
const WAITING_MAX = 100;

/** Another evaluator took a step in between: the step is taken anew on what is there, at most this often. */
const CONFLICTS_MAX = 5;

interface Waiting {
  readonly fact: Fact;
  readonly plan: Plan | undefined;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Runs one rollout: takes its events one at a time, each as a step and a transaction, and sees that it is sampled and ticked when
 * it is due. All it remembers is in the stored row; losing it loses nothing.
 */
export class Driver {
  readonly #parts: DriverParts;
  readonly #waiting: Waiting[] = [];
  #row: RolloutRow;
  #plan: Plan;
  #isBusy = false;
  #isLooking = false;

  constructor(row: RolloutRow, plan: Plan, parts: DriverParts) {
    this.#row = row;
    this.#plan = plan;
    this.#parts = parts;
  }

  get row(): RolloutRow {
    return this.#row;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** When to look at it next; undefined: only an event can move it. */
  get dueAt(): number | undefined {
    return dueAtOf(this.#plan, this.#row.state);
  }

  get isIdle(): boolean {
    return !this.#isBusy && !this.#isLooking && this.#waiting.length === 0;
  }

  /** Takes an event in its turn; what stops goes before what waits. With a `planEdited` event goes the new `plan`. */
  deliver(fact: Fact, plan?: Plan): Promise<Outcome> {
    return new Promise((settle) => {
      const first = stops(fact);
      if (!first && this.#waiting.length >= WAITING_MAX) {
        settle({ kind: "failed", error: new Error(`${WAITING_MAX} events of rollout ${this.#row.id} wait already`) });
        return;
      }
      const one: Waiting = { fact, plan, settle };
      if (first) this.#waiting.unshift(one);
      else this.#waiting.push(one);
      if (!this.#isBusy) void this.#work();
    });
  }

  /** Samples or ticks when it is due; call it often. Never rejects, and never runs twice at once. */
  async look(): Promise<void> {
    const now = this.#parts.clock.now();
    const { dueAt } = this;
    if (this.#isLooking || dueAt === undefined || now < dueAt) return;
    this.#isLooking = true;
    try {
      await this.#attend(now);
    } catch (error) {
      this.#parts.logger.error({ rollout: this.#row.id, err: error }, "a look at a rollout failed; the next one follows");
    } finally {
      this.#isLooking = false;
    }
  }

  async #attend(now: number): Promise<void> {
    await this.reconcile();
    await this.#captureBaselines(now);
    const sampleAt = nextSampleAt(this.#plan, this.#row.state);
    if (sampleAt === undefined || now < sampleAt) {
      const deadline = nextDeadline(this.#plan, this.#row.state);
      if (deadline !== undefined && now >= deadline) await this.deliver({ kind: "tick" });
      return;
    }
    const sampledAt = alignedInstant(this.#plan, this.#row.state, now);
    const values = await sampleAll(this.#parts.resolve(this.#plan), this.#parts.providers, now);
    await this.deliver({ kind: "samples", sampledAt, values });
  }

  /** What somebody did to the flag by hand while nobody told: a kill and a deletion end the rollout. */
  async reconcile(): Promise<void> {
    if (!movesFlag(this.#row.state)) return;
    const config = await this.#parts.config(this.#row.environment, this.#row.flag);
    if (!movesFlag(this.#row.state)) return;
    if (config === undefined) await this.deliver({ kind: "flagDeleted", by: "unknown" });
    else if (!config.config.enabled) await this.deliver({ kind: "flagKilled", by: config.updatedBy });
  }

  async #captureBaselines(now: number): Promise<void> {
    const { state } = this.#row;
    const names = metricsToCapture(this.#plan, state);
    if (names.length === 0 || isOver(state) || now < state.startAt) return;
    const values = await captureBaselines(this.#parts.resolve(this.#plan), names, this.#parts.providers, now);
    if (Object.keys(values).length > 0) await this.deliver({ kind: "baselineCaptured", values });
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
      this.#parts.logger.error({ rollout: this.#row.id, event: waiting.fact.kind, err: error }, "an event of a rollout could not be stored");
      return { kind: "failed", error };
    }
  }

  async #attempt({ fact, plan = this.#plan }: Waiting): Promise<Outcome | "again"> {
    const event: RolloutEvent = { ...fact, at: this.#parts.clock.now() };
    const next = step(plan, this.#row.state, event);
    const refused = next.effects.find((effect) => effect.kind === "refused");
    if (refused) return { kind: "refused", refusal: refused.refusal };
    const commit = commitOf(this.#row, plan, event, next);
    const result = await this.#parts.store.commitRollout(commit);
    switch (result.kind) {
      case "committed":
        this.#row = { ...this.#row, state: next.state, seq: result.seq, planDigest: plan.digest, ...endOf(commit) };
        this.#plan = plan;
        if (result.flag?.changed) await this.#parts.publish(this.#row.environment);
        if (result.flag && commit.flag?.urgent) void this.deliver({ kind: "rolledBackCommitted", revision: result.flag.revision });
        this.#parts.onStep(this.#row, commit.records);
        return { kind: "done", row: this.#row };
      case "conflict":
        await this.#reload();
        return "again";
      case "refused":
        await this.#handOver({ kind: "flagKilled", by: "unknown" });
        return "again";
      case "flagMissing":
        await this.#handOver({ kind: "flagDeleted", by: "unknown" });
        return "again";
    }
  }

  /** The step asked for something that the flag, as somebody left it, does not allow: that comes first. */
  async #handOver(fact: Extract<Fact, { readonly kind: "flagKilled" | "flagDeleted" }>): Promise<void> {
    const event: RolloutEvent = { ...fact, at: this.#parts.clock.now() };
    const next = step(this.#plan, this.#row.state, event);
    const { flag: _, ...commit } = commitOf(this.#row, this.#plan, event, next);
    const result = await this.#parts.store.commitRollout(commit);
    if (result.kind !== "committed") return this.#reload();
    this.#row = { ...this.#row, state: next.state, seq: result.seq, ...endOf(commit) };
    this.#parts.onStep(this.#row, commit.records);
  }

  async #reload(): Promise<void> {
    const row = await this.#parts.store.rollout(this.#row.id);
    if (!row) throw new Error(`rollout ${this.#row.id} is not in the store any more`);
    if (row.planDigest !== this.#plan.digest) throw new Error(`the plan of rollout ${row.id} was edited elsewhere; it goes on with the next look`);
    this.#row = row;
  }
}

function endOf({ endedAt, dueAt }: { readonly endedAt?: number; readonly dueAt?: number }): Pick<RolloutRow, "endedAt" | "dueAt"> {
  return { ...(endedAt !== undefined && { endedAt }), ...(dueAt !== undefined && { dueAt }) };
}

/** Whether the rollout still raises or may raise the flag, so that what people do to the flag concerns it. */
function movesFlag(state: RolloutState): boolean {
  const { kind } = state.phase;
  return kind === "scheduled" || kind === "preconditions" || kind === "awaiting" || kind === "running";
}

function stops(fact: Fact): boolean {
  switch (fact.kind) {
    case "flagKilled":
    case "flagDeleted":
    case "rolledBackCommitted":
      return true;
    case "command":
      return fact.command.kind === "rollback";
    case "tick":
    case "samples":
    case "signal":
    case "alert":
    case "drillRecorded":
    case "baselineCaptured":
    case "planEdited":
      return false;
  }
}

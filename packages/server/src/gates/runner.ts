import type { Plan } from "../domain/plan/types.ts";
import type { RolloutRecord } from "../domain/rollout/effect.ts";
import type { Command, Person } from "../domain/rollout/event.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import type { RolloutRow, RolloutStore } from "../ports/rollout-store.ts";
import { Driver, type DriverParts, type Fact, type Outcome } from "./driver.ts";

/** How often it is looked which rollouts are due. A look at one that isn't costs a comparison. */
const LOOK_EVERY_MS = 50;

/** Rollouts that are due and loaded at once. */
const ROLLOUTS_MAX = 5000;

export interface RunnerParts extends Omit<DriverParts, "store" | "onStep"> {
  readonly store: Pick<RolloutStore, "commitRollout" | "rollout" | "rollouts" | "plan">;
  readonly timers: Timers;
  /** Parses a stored plan; it was valid when it was stored. */
  readonly parse: (text: string) => Plan;
}

export type Listener = (row: RolloutRow, records: readonly RolloutRecord[]) => void;

/** A rollout with the plan that it runs. */
export interface Running {
  readonly row: RolloutRow;
  readonly plan: Plan;
}

/** Runs all rollouts of this server: one driver each, looked at when it is due. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #drivers = new Map<string, Driver>();
  readonly #plans = new Map<string, Plan>();
  readonly #listeners = new Set<Listener>();
  #stopLooking: Cancel = () => undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Loads what is under way, where it was, and begins to look after it. */
  async start(): Promise<void> {
    const rows = await this.#parts.store.rollouts({ due: true, limit: ROLLOUTS_MAX });
    for (const row of rows) await this.#load(row);
    this.#stopLooking = this.#parts.timers.every(LOOK_EVERY_MS, () => void this.look());
  }

  stop(): void {
    this.#stopLooking();
  }

  /** One look at everything that is due; resolves when all of it was attended to. */
  async look(): Promise<void> {
    await Promise.all([...this.#drivers.values()].map((driver) => driver.look()));
    for (const [id, driver] of this.#drivers) if (driver.dueAt === undefined && driver.isIdle) this.#drivers.delete(id);
  }

  /** Looks after a rollout that was just created. */
  async adopt(row: RolloutRow): Promise<void> {
    await (await this.#load(row)).look();
  }

  /** Undefined: no such rollout. */
  async find(id: string): Promise<Running | undefined> {
    const driver = await this.#driver(id);
    return driver && { row: driver.row, plan: driver.plan };
  }

  /** Undefined: no such rollout. */
  command(id: string, person: Person, command: Command): Promise<Outcome | undefined> {
    return this.#deliver(id, { kind: "command", person, command });
  }

  /** Goes on by another revision of the plan. */
  edit(id: string, by: string, plan: Plan): Promise<Outcome | undefined> {
    this.#plans.set(plan.digest, plan);
    return this.#deliver(id, { kind: "planEdited", by }, plan);
  }

  /** Tells a fact to the rollouts that `concerns` picks, at once; gives their ids. */
  async tell(fact: Fact, concerns: (running: Running) => boolean): Promise<readonly string[]> {
    const told = [...this.#drivers.values()].filter((driver) => concerns(driver));
    await Promise.all(told.map((driver) => driver.deliver(fact)));
    return told.map((driver) => driver.row.id);
  }

  /** Somebody changed a flag by hand: rollouts on it see at once whether that ends them. */
  async flagTouched(environments: readonly string[], flag: string): Promise<void> {
    const concerned = [...this.#drivers.values()].filter(({ row }) => row.flag === flag && environments.includes(row.environment));
    await Promise.all(concerned.map((driver) => driver.reconcile()));
  }

  /** Calls `listener` with each committed step; returns how to stop it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #deliver(id: string, fact: Fact, plan?: Plan): Promise<Outcome | undefined> {
    return (await this.#driver(id))?.deliver(fact, plan);
  }

  async #driver(id: string): Promise<Driver | undefined> {
    const known = this.#drivers.get(id);
    if (known) return known;
    const row = await this.#parts.store.rollout(id);
    return row && this.#load(row);
  }

  async #load(row: RolloutRow): Promise<Driver> {
    const plan = await this.#planOf(row);
    // Somebody may have loaded it while the plan was read; two drivers of one rollout would only get in each other's way.
    const known = this.#drivers.get(row.id);
    if (known) return known;
    const driver = new Driver(row, plan, {
      ...this.#parts,
      onStep: (after, records) => {
        for (const listener of this.#listeners) listener(after, records);
      },
    });
    this.#drivers.set(row.id, driver);
    return driver;
  }

  async #planOf(row: RolloutRow): Promise<Plan> {
    const known = this.#plans.get(row.planDigest);
    if (known) return known;
    const stored = await this.#parts.store.plan(row.planDigest);
    if (!stored) throw new Error(`the plan ${row.planDigest} of rollout ${row.id} is not in the store`);
    const plan = this.#parts.parse(stored.text);
    this.#plans.set(row.planDigest, plan);
    return plan;
  }
}

import type { Plan } from "../domain/plan/types.ts";
import type { RolloutRecord } from "../domain/rollout/effect.ts";
import type { Command, Person } from "../domain/rollout/event.ts";
import type { EpochMs } from "../domain/rollout/instant.ts";
import { isOver, statusOf, type Status } from "../domain/rollout/state.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import type { Meter } from "../ports/meter.ts";
import { type Cancel, type Timers, unlessSilent } from "../ports/timers.ts";
import type { RolloutRow, RolloutStore } from "../ports/rollout-store.ts";
import type { UnitIntake } from "../ports/unit-intake.ts";
import { Driver, type DriverParts } from "./driver.ts";
import type { Fact, Outcome } from "./facts.ts";
import { Comparer } from "./comparer.ts";
import { Plans, type StoredPlan } from "./plans.ts";

/** How often it is looked which rollouts are due. A look at one that isn't costs a comparison. */
const LOOK_EVERY_MS = 50;

/** How often it is looked what other servers on the same store did. */
const SYNC_EVERY_MS = 1_000;

/** Rollouts that are due and loaded at once. */
const ROLLOUTS_MAX = 5000;

/** What the runner works with. */
export interface RunnerParts extends Omit<DriverParts, "store" | "onStep" | "meter" | "planOf"> {
  readonly store: Pick<RolloutStore, "commitRollout" | "rollout" | "rollouts" | "plan">;
  readonly timers: Timers;
  /** What SDKs report of the users with and without a flag. */
  readonly intake: UnitIntake & CohortCounts;
  /** Parses a stored plan; throws or rejects when this version can't read it any more. */
  readonly parse: (text: string) => Plan | Promise<Plan>;
  readonly meter: Pick<Meter, "rolloutLeg" | "rolloutMoved">;
}

/** Told of each step that was stored, with what it added to the story. */
export type Listener = (row: RolloutRow, records: readonly RolloutRecord[]) => void;

/** A rollout with the plan that it runs. */
export interface Running extends StoredPlan {
  readonly row: RolloutRow;
  /** The rollout's own time: what elapsed times are counted up to. */
  readonly now: EpochMs;
}

/** A rollout that was told a fact. */
export interface Told {
  readonly row: RolloutRow;
  readonly outcome: Outcome;
}

/** Runs all rollouts of this server: one driver each, looked at when it is due. */
export class Runner {
  /** The stored plans. */
  readonly plans: Plans;
  readonly #parts: RunnerParts;
  readonly #drivers = new Map<string, Driver>();
  readonly #listeners = new Set<Listener>();
  readonly #comparer: Comparer;
  #stopLooking: Cancel = () => undefined;
  #syncing: Promise<void> | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#comparer = new Comparer(parts.intake, parts.clock);
    this.plans = new Plans(parts.store, parts.parse);
  }

  /** Loads what is under way, where it was, and begins to look after it. One that can't be loaded is logged, and holds up no other. */
  async start(): Promise<void> {
    await this.#sync();
    const { timers, leadership } = this.#parts;
    const cancels = [timers.every(LOOK_EVERY_MS, () => void this.look())];
    if (leadership.isShared) cancels.push(timers.every(SYNC_EVERY_MS, () => void this.#trySync()));
    this.#stopLooking = () => cancels.forEach((cancel) => cancel());
  }

  /** Looks no more, and resolves when every step that was begun is stored. */
  async stop(): Promise<void> {
    this.#stopLooking();
    await Promise.all([...this.#drivers.values()].map((driver) => driver.halt()));
  }

  /** One look at everything that is due, where this server evaluates; resolves when all of it was attended to. */
  async look(): Promise<void> {
    if (this.#parts.leadership.evaluating() === undefined) return;
    await Promise.all([...this.#drivers.values()].flatMap((driver) => [driver.look(), this.#compare(driver)]));
    this.#forgetDone();
  }

  /** Looks after a rollout that was just created. */
  async adopt(row: RolloutRow): Promise<void> {
    await (await this.#load(row)).look();
  }

  /** Undefined: no such rollout. */
  async find(id: string): Promise<Running | undefined> {
    const row = await this.#newest(id);
    return row && this.running(row);
  }

  /** A stored rollout with its plan, as of now. */
  async running(stored: RolloutRow): Promise<Running> {
    const driver = this.#drivers.get(stored.id);
    const row = driver !== undefined && driver.row.seq >= stored.seq ? driver.row : stored;
    const now = driver === undefined || isOver(row.state) ? row.state.now : driver.now;
    return { ...(await this.plans.of(row)), row, now };
  }

  /** Undefined: no such rollout. */
  command(id: string, person: Person, command: Command): Promise<Outcome | undefined> {
    return this.#deliver(id, { kind: "command", person, command });
  }

  /** Goes on by another revision of the plan, which is stored already. */
  edit(id: string, by: string, plan: Plan): Promise<Outcome | undefined> {
    return this.#deliver(id, { kind: "planEdited", by }, plan);
  }

  /** Tells a fact to the rollouts that `concerns` picks, at once. */
  async tell(
    fact: Fact,
    concerns: (running: { readonly row: RolloutRow; readonly plan: Plan }) => boolean,
  ): Promise<readonly Told[]> {
    if (this.#parts.leadership.isShared) await this.#trySync();
    const told = [...this.#drivers.values()].filter((driver) => concerns(driver));
    return Promise.all(told.map(async (driver) => ({ outcome: await driver.deliver(fact), row: driver.row })));
  }

  /** Somebody changed a flag by hand: rollouts on it see at once whether that ends them. Never rejects. */
  async flagTouched(environments: readonly string[], flag: string): Promise<void> {
    const concerned = [...this.#drivers.values()].filter(
      ({ row }) => row.flag === flag && environments.includes(row.environment),
    );
    await Promise.all(
      concerned.map((driver) =>
        driver.reconcile().catch((error: unknown) => {
          this.#parts.logger.error(
            { rollout: driver.row.id, flag, err: error },
            "a flag's change has not reached its rollout; it will with the next look",
          );
        }),
      ),
    );
  }

  /** Calls `listener` with each committed step; returns how to stop it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What can't be stored is told again with the next look. Never rejects: a rollout that nobody compares holds its percentage. */
  async #compare(driver: Driver): Promise<void> {
    try {
      const finding = this.#comparer.look(driver);
      if (finding) finding.settle((await driver.deliver(finding.fact)).kind !== "failed");
    } catch (error) {
      this.#parts.logger.error(
        { rollout: driver.row.id, err: error },
        "the cohorts of a rollout could not be compared",
      );
    }
  }

  async #deliver(id: string, fact: Fact, plan?: Plan): Promise<Outcome | undefined> {
    return (await this.#driver(id))?.deliver(fact, plan);
  }

  /** A rollout as it is stored, or as it is held where nobody else can have moved it. */
  async #newest(id: string): Promise<RolloutRow | undefined> {
    const driver = this.#drivers.get(id);
    if (driver !== undefined && !this.#parts.leadership.isShared) return driver.row;
    try {
      const { store, timers } = this.#parts;
      const asked = store.rollout(id);
      const row = await (driver === undefined ? asked : unlessSilent(timers, asked));
      if (row !== undefined) await driver?.renew(row);
      return row;
    } catch (error) {
      // While the store is dead, or says nothing, a rollback goes on from what was known of it.
      if (driver !== undefined) return driver.row;
      throw error;
    }
  }

  /** As `#sync`; what can't be read now is read with the next one. */
  #trySync(): Promise<void> {
    this.#syncing ??= this.#sync()
      .catch((error: unknown) => this.#parts.logger.warn({ err: error }, "it can't be read what is under way"))
      .finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  /** Takes over what is under way as it is stored. What can't be loaded is logged, and holds up no other. */
  async #sync(): Promise<void> {
    const rows = await this.#parts.store.rollouts({ due: true, limit: ROLLOUTS_MAX });
    for (const row of rows) {
      try {
        const driver = this.#drivers.get(row.id);
        if (driver === undefined) await this.#load(row);
        else await driver.renew(row);
      } catch (error) {
        this.#parts.logger.error(
          { rollout: row.id, flag: row.flag, err: error },
          "a rollout can't be loaded: it stands still",
        );
      }
    }
    const due = new Set(rows.map(({ id }) => id));
    for (const id of this.#drivers.keys()) if (!due.has(id)) await this.#newest(id);
    this.#forgetDone();
  }

  #forgetDone(): void {
    for (const [id, driver] of this.#drivers) if (driver.dueAt === undefined && driver.isIdle) this.#forget(id, driver);
  }

  async #driver(id: string): Promise<Driver | undefined> {
    // A step is refused or taken on what is there now, whoever made it so.
    const row = await this.#newest(id);
    return row && this.#load(row);
  }

  async #load(row: RolloutRow): Promise<Driver> {
    const { plan } = await this.plans.of(row);
    // Somebody may have loaded it while the plan was read; two drivers of one rollout would only get in each other's way.
    const known = this.#drivers.get(row.id);
    if (known) return known;
    const planOf = async (of: RolloutRow): Promise<Plan> => (await this.plans.of(of)).plan;
    const driver = new Driver(row, plan, {
      ...this.#parts,
      planOf,
      publish: (environment) => this.#publish(environment),
      onStep: (step) => this.#stepped(step),
    });
    this.#drivers.set(row.id, driver);
    this.#moved(undefined, row);
    return driver;
  }

  /** A store that hangs keeps no rollout from its next event, which may be what takes the flag back; streams are told when it answers. */
  async #publish(environment: string): Promise<void> {
    const { publish, timers } = this.#parts;
    await unlessSilent(timers, publish(environment)).catch(() => undefined);
  }

  #forget(id: string, driver: Driver): void {
    this.#drivers.delete(id);
    this.#comparer.forget(id);
    this.#moved(driver.row, undefined);
  }

  #stepped({ before, after, records }: Parameters<DriverParts["onStep"]>[0]): void {
    this.#moved(before, after);
    for (const listener of this.#listeners) listener(after, records);
  }

  #moved(before: RolloutRow | undefined, after: RolloutRow | undefined): void {
    const [from, to] = [before, after].map((row): Status | undefined => row && statusOf(row.state));
    if (from !== to) this.#parts.meter.rolloutMoved(from, to);
  }
}

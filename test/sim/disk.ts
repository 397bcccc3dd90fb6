import { ANSWER_MAX_MS } from "../../packages/server/src/store/postgres/answer-limits.ts";
import type { LeaseBook } from "../../packages/server/src/ports/lease-book.ts";
import type { RolloutCommit, RolloutStore } from "../../packages/server/src/ports/rollout-store.ts";
import type { Store } from "../../packages/server/src/ports/store.ts";
import { StoreError } from "../../packages/server/src/ports/store-error.ts";
import { createMemoryStores } from "../../packages/server/src/store/memory-rollout-store.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import { LeaseTable, ReceiptsTable, type SharedBook } from "./shared.ts";

/**
 * `full`: writes fail. `dead`: everything fails. `hung`: nothing is answered until it is over. `deaf`: everything is done, and no answer comes back until it
 * is over. `unsure`: half of the writes fail, and half of those that failed are stored all the same.
 */
export type DiskWeather = "fine" | "full" | "dead" | "hung" | "deaf" | "unsure";

/** One server's way to the store. */
export interface Way {
  weather: DiskWeather;
}

/** A process that may be gone before it is answered, or stand still. */
export interface Customer {
  readonly name: string;
  readonly way: Way;
  readonly isAlive: boolean;
  whenAwake(run: () => void): void;
}

/** Everything that is stored, as one process reaches it. */
export interface Reached {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly leases: LeaseBook;
  readonly receipts: SharedBook;
}

/** How the disk departs from what it should do, to show that somebody notices. */
export interface DiskDoubles {
  /** Writes that are acknowledged and not done. */
  readonly forgets?: (write: string) => boolean;
  /** It takes the steps of evaluators whose lease is over. */
  readonly isUnfenced?: boolean;
}

export interface DiskParts {
  readonly clockwork: Clockwork;
  readonly chance: Chance;
  /** Several servers reach it over a network: who waits too long for an answer is told that there is none. */
  readonly isShared: boolean;
  readonly doubles: DiskDoubles;
}

const READS =
  /^(ping|close|environments|content|changesSince|flags?|configs?|segments?|tokens?|tokenByHash|audit|plans?|rollouts?|rolloutEvents|rolloutRecords|channels?|outbox|outboxDue|peers|ofOthers)$/;

const SNAPSHOTS = /^(content|changesSince)$/;

/** How long the disk takes, when it takes any time. */
const LATENCY_MS_MAX = 40;

/** What is done in one act: `tells`, the flag may be another one afterwards. */
interface Act {
  readonly name: string;
  readonly isWrite: boolean;
  readonly tells: boolean;
  readonly run: () => Promise<unknown>;
  /** Nobody waits for it any more. */
  isGivenUp: boolean;
}

/** What outlives the server's processes, and how it fails them. Acts are done one at a time, as in transactions. */
export class Disk {
  weather: DiskWeather = "fine";
  /** As it is, past all weather: for those who check. */
  readonly bare: { readonly store: Store; readonly rollouts: RolloutStore };
  readonly leases: LeaseTable;
  /** Called after each write of a process, in the same act. */
  onWritten: (by: string) => Promise<void> = () => Promise.resolve();
  /** Called when a step of an evaluator is stored: its number, and the newest that was given out. */
  onStepped: (fence: number, newest: number) => void = () => undefined;
  readonly #parts: DiskParts;
  readonly #receipts: ReceiptsTable;
  readonly #waiting = new Set<() => boolean>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DiskParts) {
    const { chance, clockwork } = parts;
    this.#parts = parts;
    this.bare = createMemoryStores({ random: (sizeBytes) => chance.bytes(sizeBytes) });
    this.leases = new LeaseTable(clockwork);
    this.#receipts = new ReceiptsTable(clockwork);
  }

  turn(weather: DiskWeather): void {
    this.turnWay(this, weather);
  }

  /** For one server alone. */
  turnWay(way: Way, weather: DiskWeather): void {
    way.weather = weather;
    for (const resume of this.#waiting) if (resume()) this.#waiting.delete(resume);
  }

  /** Everything as a process reaches it: answers that come after its end never come. */
  seenBy(process: Customer): Reached {
    const { store, rollouts } = this.bare;
    return {
      store: this.#seen(store, process, { tells: true }),
      rollouts: this.#seen(this.#fenced(rollouts), process, { tells: true }),
      leases: this.#seen(this.leases, process, { tells: false }),
      receipts: this.#seen(this.#receipts.of(process.name), process, { tells: false }),
    };
  }

  #seen<T extends object>(bare: T, process: Customer, { tells }: Pick<Act, "tells">): T {
    return new Proxy(bare, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function" || typeof name !== "string") return member;
        return (...args: unknown[]) => {
          const run = (): Promise<unknown> => member.apply(target, args) as Promise<unknown>;
          return this.#answered(process, { name, isWrite: !READS.test(name), tells, run, isGivenUp: false });
        };
      },
    });
  }

  /** A step that an evaluator takes by itself is stored under the number of its lease alone. */
  #fenced(rollouts: RolloutStore): RolloutStore {
    const commitRollout: RolloutStore["commitRollout"] = async (commit: RolloutCommit) => {
      const { fence } = commit;
      const isLate = fence !== undefined && !this.leases.isHeld(fence);
      if (isLate && this.#parts.doubles.isUnfenced !== true) return { kind: "fenced" };
      const result = await rollouts.commitRollout(commit);
      if (fence !== undefined && result.kind === "committed") this.onStepped(fence, this.leases.fence);
      return result;
    };
    return new Proxy(rollouts, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name === "commitRollout") return commitRollout;
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  /** An answer within the time that a server waits for one, when it has time to take it. */
  async #answered(process: Customer, act: Act): Promise<unknown> {
    const performed = this.#perform(process, act);
    try {
      return await (this.#parts.isShared ? this.#inTime(performed, act) : performed);
    } finally {
      await this.#awake(process);
    }
  }

  async #inTime(performed: Promise<unknown>, act: Act): Promise<unknown> {
    const { name, isWrite, tells } = act;
    const kind = isWrite && tells ? "write" : SNAPSHOTS.test(name) ? "snapshot" : "single";
    let cancel = (): void => undefined;
    const silence = new Promise<never>((_, reject) => {
      cancel = this.#parts.clockwork.after(ANSWER_MAX_MS[kind], () => {
        act.isGivenUp = true;
        reject(unreachable(name));
      });
    });
    try {
      return await Promise.race([performed, silence]);
    } finally {
      cancel();
    }
  }

  /** Resolves when the process goes on; never, when it is gone. */
  #awake(process: Customer): Promise<void> {
    return new Promise((resolve) => process.whenAwake(resolve));
  }

  async #perform(process: Customer, act: Act): Promise<unknown> {
    const { name, isWrite } = act;
    const { chance, doubles } = this.#parts;
    await this.#takesTime(isWrite ? 3 : 8);
    await this.#over("hung", process);
    // A transaction that was held up on its way needs who began it to get to its end.
    if (!process.isAlive || act.isGivenUp) return never();
    const weathers = [this.weather, process.way.weather];
    const isUnsure = isWrite && weathers.includes("unsure") && chance.oneIn(2);
    const fails = weathers.includes("dead") || (isWrite && weathers.includes("full")) || isUnsure;
    if (fails && !(isUnsure && chance.oneIn(2))) throw unreachable(name);
    const answer = isWrite && doubles.forgets?.(name) === true ? { kind: "kept" } : await this.#alone(process, act);
    if (isWrite) await this.#takesTime(3);
    await this.#over("deaf", process);
    if (!process.isAlive) return never();
    if (fails) throw unreachable(name);
    return answer;
  }

  #over(weather: DiskWeather, { way }: Customer): Promise<void> | undefined {
    const isOver = (): boolean => this.weather !== weather && way.weather !== weather;
    if (isOver()) return undefined;
    return new Promise((resolve) =>
      this.#waiting.add(() => {
        if (!isOver()) return false;
        resolve();
        return true;
      }),
    );
  }

  #alone({ name }: Customer, { isWrite, tells, run }: Act): Promise<unknown> {
    const done = this.#last.then(async () => {
      const answer = await run();
      if (isWrite && tells) await this.onWritten(name);
      return answer;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** One time in `times`. */
  #takesTime(times: number): Promise<void> | undefined {
    const { clockwork, chance } = this.#parts;
    if (!chance.oneIn(times)) return undefined;
    return new Promise((resolve) => clockwork.after(chance.between(1, LATENCY_MS_MAX), resolve));
  }
}

const never = (): Promise<never> => new Promise(() => undefined);

const unreachable = (name: string): StoreError =>
  new StoreError("STORE_UNREACHABLE", { message: `${name} failed`, hint: "it is the simulation's doing" });

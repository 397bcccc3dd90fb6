import type { RolloutStore } from "../../packages/server/src/ports/rollout-store.ts";
import type { Store } from "../../packages/server/src/ports/store.ts";
import { StoreError } from "../../packages/server/src/ports/store-error.ts";
import { createMemoryStores } from "../../packages/server/src/store/memory-rollout-store.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";

/**
 * `full`: writes fail. `dead`: everything fails. `hung`: nothing is answered until it is over. `unsure`: half of the writes fail, and half of
 * those that failed are stored all the same.
 */
export type DiskWeather = "fine" | "full" | "dead" | "hung" | "unsure";

/** A process that may be gone before it is answered. */
export interface Mortal {
  readonly isAlive: boolean;
}

const READS =
  /^(ping|close|environments|content|changesSince|flags?|configs?|segments?|tokens?|tokenByHash|audit|plans?|rollouts?|rolloutEvents|rolloutRecords|channels?|outbox|outboxDue)$/;

/** How long the disk takes, when it takes any time. */
const LATENCY_MS_MAX = 40;

/** What outlives the server's processes, and how it fails them. Acts are done one at a time, as in transactions. */
export class Disk {
  weather: DiskWeather = "fine";
  /** What the emergency file holds. */
  emergency: string | undefined = undefined;
  /** As it is, past all weather: for those who check. */
  readonly bare: { readonly store: Store; readonly rollouts: RolloutStore };
  /** Called after each write, in the same act. */
  onWritten: () => Promise<void> = () => Promise.resolve();
  readonly #clockwork: Clockwork;
  readonly #chance: Chance;
  readonly #hung: (() => void)[] = [];
  #last: Promise<unknown> = Promise.resolve();

  readonly #forgets: (write: string) => boolean;

  /** `forgets`: writes that are acknowledged and not done, to show that somebody notices. */
  constructor(clockwork: Clockwork, chance: Chance, forgets: (write: string) => boolean = () => false) {
    this.#forgets = forgets;
    this.#clockwork = clockwork;
    this.#chance = chance;
    this.bare = createMemoryStores({ random: (sizeBytes) => chance.bytes(sizeBytes) });
  }

  turn(weather: DiskWeather): void {
    this.weather = weather;
    if (weather !== "hung") for (const resume of this.#hung.splice(0)) resume();
  }

  /** The stores as a process sees them: answers that come after its end never come. */
  seenBy(process: Mortal): { readonly store: Store; readonly rollouts: RolloutStore } {
    return { store: this.#seen(this.bare.store, process), rollouts: this.#seen(this.bare.rollouts, process) };
  }

  #seen<T extends object>(bare: T, process: Mortal): T {
    return new Proxy(bare, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function" || typeof name !== "string") return member;
        return (...args: unknown[]) =>
          this.#perform(process, name, () => member.apply(target, args) as Promise<unknown>);
      },
    });
  }

  async #perform(process: Mortal, name: string, act: () => Promise<unknown>): Promise<unknown> {
    const isWrite = !READS.test(name);
    await this.#takesTime(isWrite ? 3 : 8);
    if (this.weather === "hung") await new Promise<void>((resume) => this.#hung.push(resume));
    if (!process.isAlive) return never();
    const fails = this.weather === "dead" || (isWrite && (this.weather === "full" || this.#isUnsure()));
    if (fails && !(this.weather === "unsure" && this.#chance.oneIn(2))) throw unreachable(name);
    const answer = isWrite && this.#forgets(name) ? { kind: "kept" } : await this.#alone(isWrite, act);
    if (isWrite) await this.#takesTime(3);
    if (!process.isAlive) return never();
    if (fails) throw unreachable(name);
    return answer;
  }

  #isUnsure(): boolean {
    return this.weather === "unsure" && this.#chance.oneIn(2);
  }

  #alone(isWrite: boolean, act: () => Promise<unknown>): Promise<unknown> {
    const done = this.#last.then(async () => {
      const answer = await act();
      if (isWrite) await this.onWritten();
      return answer;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** One time in `times`. */
  #takesTime(times: number): Promise<void> | undefined {
    if (!this.#chance.oneIn(times)) return undefined;
    return new Promise((resolve) => this.#clockwork.after(this.#chance.between(1, LATENCY_MS_MAX), resolve));
  }
}

const never = (): Promise<never> => new Promise(() => undefined);

const unreachable = (name: string): StoreError =>
  new StoreError("STORE_UNREACHABLE", { message: `${name} failed`, hint: "it is the simulation's doing" });

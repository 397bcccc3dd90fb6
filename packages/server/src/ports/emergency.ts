import type { EpochMs } from "./store.ts";

/** A flag that has to be off at once, whether that can be stored or not. */
export interface UrgentKill {
  readonly environment: string;
  readonly flag: string;
  /** As in `ChangeMeta`. */
  readonly actor: string;
  readonly action: string;
  readonly reason?: string;
  /** Tries once more what could not be stored; false: in vain. Without it the flag is killed in the store. */
  readonly again?: () => Promise<boolean>;
}

/** What became of a kill that is not stored. */
export interface ToldKill {
  readonly at: EpochMs;
  /** The revision above which connected clients have the flag off. */
  readonly revision: number;
  /** `file`: a server that starts anew goes on with it. `memory`: it is lost with this process. */
  readonly keptIn: "file" | "memory";
}

/** What a kill goes through while the store is dead. */
export interface Emergency {
  /**
   * Looks after the write of a kill. When it fails or takes too long, the connected clients are told all the same, and it is tried again until the store has it.
   * Undefined: it was stored, or there is no such flag; the write itself says which. Never rejects, and leaves no rejection of `write` unhandled.
   */
  watch(write: Promise<unknown>, kill: UrgentKill): Promise<ToldKill | undefined>;
}

/** Where nobody is connected whom one could tell. */
export const noEmergency: Emergency = {
  watch: (write) =>
    write.then(
      () => undefined,
      () => undefined,
    ),
};

import type { EpochMs } from "../domain/records.ts";

/** Since when the made-up metrics of an environment's drill are in breach. */
export interface DrillBook {
  /** From now on they are. */
  breach(environment: string, at: EpochMs): Promise<void>;
  /** They are healthy again. */
  calm(environment: string): Promise<void>;
  /** Undefined: they are healthy. */
  breachedAt(environment: string): Promise<EpochMs | undefined>;
}

/** For the only server on its store: a restart ends a drill. */
export function ownDrillBook(): DrillBook {
  const breached = new Map<string, EpochMs>();
  return {
    breach: async (environment, at) => void breached.set(environment, at),
    calm: async (environment) => void breached.delete(environment),
    breachedAt: async (environment) => breached.get(environment),
  };
}

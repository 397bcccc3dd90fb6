/**
 * Where the evaluator's lease is noted, for all servers on one store, and timed by the store's clock alone. Rejects with a StoreError while nobody can be
 * asked.
 */
export interface LeaseBook {
  /** Takes it where nobody has it: its new fencing number; undefined: somebody has it. */
  take(holder: string, ttlMs: number): Promise<number | undefined>;
  /** False: it is not this number's any more. */
  renew(fence: number, ttlMs: number): Promise<boolean>;
  /** The next one need not wait. */
  giveBack(fence: number): Promise<void>;
  /** Ends that of a holder that is known to be gone. */
  end(holder: string): Promise<void>;
}

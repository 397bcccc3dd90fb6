import type { EpochMs } from "../domain/rollout/instant.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * A rollout's own time. It begins with the wall clock, or where the rollout's log ends if that is later, and goes on with the monotonic
 * clock: setting the machine's clock neither skips a stage nor stops a trigger. A restart takes the wall clock's word anew.
 */
export function steadyTime(clock: Clock, notBefore: EpochMs): () => EpochMs {
  const originMs = Math.max(clock.now(), notBefore) - clock.monotonicMs();
  let last = notBefore;
  return () => (last = Math.max(last, Math.round(originMs + clock.monotonicMs())));
}

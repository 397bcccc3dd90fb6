import type { EventsBody } from "@rampart/core";
import type { Clock } from "../../ports/clock.ts";
import type { EvaluationRow, EvaluationStore } from "../../ports/evaluation-store.ts";
import { NO_VARIANT } from "../../ports/evaluation-store.ts";

/** Sends one environment's counts. Rejects when it is not known whether they were counted. */
export type SendCounts = (environment: string, body: EventsBody) => Promise<void>;

/**
 * Where it is kept how often pages asked this relay for flags: at the upstream server, told as an SDK tells it. A report that may have arrived is sent again under its
 * number, before any other, so that it is counted once.
 */
export function evaluationsUpstream(of: {
  readonly instanceId: string;
  readonly clock: Pick<Clock, "now">;
  readonly send: SendCounts;
}): EvaluationStore {
  const { instanceId, clock, send } = of;
  let seq = 0;
  const unsent = new Map<string, EventsBody>();
  const deliver = async (environment: string): Promise<void> => {
    const body = unsent.get(environment);
    if (body === undefined) return;
    await send(environment, body);
    unsent.delete(environment);
  };
  return {
    async addEvaluations(rows) {
      const environments = new Set(rows.map(({ environment }) => environment));
      for (const environment of environments) await deliver(environment);
      // From here on nothing is given back: what can't be sent now is sent first the next time.
      for (const environment of environments) {
        const theirs = rows.filter((row) => row.environment === environment);
        seq += 1;
        unsent.set(environment, bodyOf({ instanceId, seq, at: clock.now() }, theirs));
        await deliver(environment).catch(() => undefined);
      }
    },
    evaluations: async () => [],
    lastEvaluations: async (flags) => flags.map(() => undefined),
    pruneEvaluations: async () => 0,
  };
}

function bodyOf(
  { instanceId, seq, at }: { readonly instanceId: string; readonly seq: number; readonly at: number },
  rows: readonly EvaluationRow[],
): EventsBody {
  const counts = rows.map(
    ({ flag, variant, count }) => [flag, variant === NO_VARIANT ? null : variant, count] as const,
  );
  return {
    instanceId,
    seq,
    from: at,
    to: at,
    runs: [],
    tracks: [],
    evaluations: { counts, dropped: 0 },
    dropped: 0,
  };
}

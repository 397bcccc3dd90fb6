import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pruned, RolloutStore } from "../ports/rollout-store.ts";
import { pause, type Timers } from "../ports/timers.ts";

const DAY_MS = 24 * 60 * 60_000;

/** How often it is looked for what is too old; it may be kept for so much longer. */
const LOOK_EVERY_MS = 60 * 60_000;

/** Rows in one transaction: some milliseconds, so that no kill waits for longer. */
const BATCH_MAX = 1000;

/** Between two transactions others get their turn. */
const BETWEEN_MS = 100;

export interface RetentionParts {
  readonly rollouts: Pick<RolloutStore, "prune">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** What takes old rows away, until it is stopped. */
export interface Pruning {
  /** Resolves when the transaction that was begun is over. */
  stop(): Promise<void>;
}

/** Takes away what is older than `days`, now and every hour; 0 keeps everything. What fails is tried again an hour later. */
export function startPruning(days: number, parts: RetentionParts): Pruning {
  const { rollouts, clock, timers, logger } = parts;
  if (days === 0) return { stop: async () => undefined };
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const breathe = (): Promise<void> => Promise.race([pause(timers, BETWEEN_MS), stopped]);
  let running = Promise.resolve();
  const round = async (): Promise<void> => {
    try {
      const { messages, events } = await pruneAll(clock.now() - days * DAY_MS, rollouts, stopping.signal, breathe);
      if (messages + events > 0) logger.info({ messages, events, days }, "what is older than the retention was pruned");
    } catch (error) {
      logger.warn({ err: error }, "old messages and samplings can't be pruned; it is tried again in an hour");
    }
  };
  const go = (): void => void (running = running.then(round));
  go();
  const cancel = timers.every(LOOK_EVERY_MS, go);
  return {
    async stop() {
      cancel();
      stopping.abort();
      await running;
    },
  };
}

async function pruneAll(
  before: number,
  rollouts: RetentionParts["rollouts"],
  signal: AbortSignal,
  breathe: () => Promise<void>,
): Promise<Pruned> {
  let pruned: Pruned = { messages: 0, events: 0 };
  while (!signal.aborted) {
    const { messages, events } = await rollouts.prune(before, BATCH_MAX);
    if (messages + events === 0) break;
    pruned = { messages: pruned.messages + messages, events: pruned.events + events };
    await breathe();
  }
  return pruned;
}

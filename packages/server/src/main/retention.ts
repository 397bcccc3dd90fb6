import { EVALUATIONS_KEPT_MS, HOUR_MS } from "../domain/evaluations.ts";
import type { Clock } from "../ports/clock.ts";
import type { EvaluationStore } from "../ports/evaluation-store.ts";
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

/** What pruning works with. */
export interface RetentionParts {
  readonly rollouts: Pick<RolloutStore, "prune">;
  readonly evaluations: Pick<EvaluationStore, "pruneEvaluations">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** What takes old rows away, until it is stopped. */
export interface Pruning {
  /** Resolves when the transaction that was begun is over. */
  stop(): Promise<void>;
}

/**
 * Takes away what is older than `days`, now and every hour; 0 keeps everything. Counts of evaluations go after thirty days in any case. What
 * fails is tried again an hour later.
 */
export function startPruning(days: number, parts: RetentionParts): Pruning {
  const { clock, timers, logger } = parts;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const breathe = (): Promise<void> => Promise.race([pause(timers, BETWEEN_MS), stopped]);
  let running = Promise.resolve();
  const round = async (): Promise<void> => {
    try {
      const now = clock.now();
      const before = { rest: now - days * DAY_MS, evaluations: now - EVALUATIONS_KEPT_MS - HOUR_MS };
      const { messages, events } =
        days === 0 ? NOTHING : await pruneAll(before.rest, parts.rollouts, stopping.signal, breathe);
      const evaluations = await pruneEvaluations(before.evaluations, parts.evaluations, stopping.signal, breathe);
      if (messages + events + evaluations > 0)
        logger.info({ messages, events, evaluations, days }, "what is older than the retention was pruned");
    } catch (error) {
      logger.warn({ err: error }, "what is older than the retention can't be pruned; it is tried again in an hour");
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

const NOTHING: Pruned = { messages: 0, events: 0 };

async function pruneAll(
  before: number,
  rollouts: RetentionParts["rollouts"],
  signal: AbortSignal,
  breathe: () => Promise<void>,
): Promise<Pruned> {
  let pruned = NOTHING;
  while (!signal.aborted) {
    const { messages, events } = await rollouts.prune(before, BATCH_MAX);
    if (messages + events === 0) break;
    pruned = { messages: pruned.messages + messages, events: pruned.events + events };
    await breathe();
  }
  return pruned;
}

async function pruneEvaluations(
  before: number,
  evaluations: RetentionParts["evaluations"],
  signal: AbortSignal,
  breathe: () => Promise<void>,
): Promise<number> {
  let pruned = 0;
  while (!signal.aborted) {
    const gone = await evaluations.pruneEvaluations(before, BATCH_MAX);
    if (gone === 0) break;
    pruned += gone;
    await breathe();
  }
  return pruned;
}

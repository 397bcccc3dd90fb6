import type { RolloutView } from "@rampart/core";
import { rolloutNotFound } from "../domain/problems.ts";
import type { Refusal } from "../domain/rollout/effect.ts";
import type { EpochMs } from "../domain/rollout/instant.ts";
import { allowedCommands } from "../domain/rollout/allowed.ts";
import { statusOf } from "../domain/rollout/state.ts";
import { rolloutView } from "../domain/rollout/view/rollout.ts";
import type { Outcome } from "../gates/facts.ts";
import type { Running } from "../gates/runner.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import { authorizeIn, type Grant } from "./grant.ts";
import type { HttpParts } from "./parts.ts";
import { ProblemError, problemReply } from "./problem.ts";
import { json, type Reply } from "./reply.ts";
import type { RollbackReceipts } from "./rollback-receipts.ts";

/** Rollouts whose firings are remembered; the longest unused goes first, and is read again. */
const ROLLOUTS_MAX = 1000;

const RECORDS_AT_A_TIME = 1000;

/** Rollouts as they are shown. */
export class RolloutViews {
  readonly #store: Pick<RolloutStore, "rolloutRecords">;
  readonly #rollbacks: RollbackReceipts;
  readonly #firings = new Map<string, { after: number; readonly at: Map<string, EpochMs> }>();

  constructor(store: Pick<RolloutStore, "rolloutRecords">, rollbacks: RollbackReceipts) {
    this.#store = store;
    this.#rollbacks = rollbacks;
  }

  async view(running: Running): Promise<RolloutView> {
    const rollback = await this.#rollbacks.of(running.row);
    return { ...rolloutView(running, await this.#firedAt(running.row.id)), ...(rollback && { rollback }) };
  }

  /** When each trigger fired last. Each record is read once. */
  async #firedAt(id: string): Promise<ReadonlyMap<string, EpochMs>> {
    const known = this.#firings.get(id) ?? { after: 0, at: new Map<string, EpochMs>() };
    this.#firings.delete(id);
    this.#firings.set(id, known);
    const [oldest] = this.#firings.keys();
    if (this.#firings.size > ROLLOUTS_MAX && oldest !== undefined) this.#firings.delete(oldest);
    for (;;) {
      const page = await this.#store.rolloutRecords(id, known.after, RECORDS_AT_A_TIME);
      for (const { id: recordId, record } of page) {
        if (record.event === "triggerFired" && record.cause) known.at.set(record.cause.subject, record.at);
        known.after = Math.max(known.after, recordId);
      }
      if (page.length < RECORDS_AT_A_TIME) return known.at;
    }
  }
}

/** A rollout, for a caller whose token is good for its environment. Throws a 404 or 403 `ProblemError`. */
export async function rolloutFor(
  { runner, feeds }: Pick<HttpParts, "runner" | "feeds">,
  grant: Grant,
  id: string,
): Promise<Running> {
  const running = await runner.find(id);
  if (running === undefined) throw new ProblemError(rolloutNotFound(id));
  authorizeIn(grant, running.row.environment, feeds.keys());
  return running;
}

/** The answer to something that was asked of a rollout: how it is now, or why not and what would be possible. */
export async function outcomeReply(
  parts: Pick<HttpParts, "runner">,
  views: RolloutViews,
  id: string,
  outcome: Outcome | undefined,
): Promise<Reply> {
  const running = await parts.runner.find(id);
  if (running === undefined || outcome === undefined) return problemReply(rolloutNotFound(id));
  switch (outcome.kind) {
    case "done":
      return json(200, await views.view(running));
    case "refused":
      return refusedReply(outcome.refusal, running);
    case "failed":
      throw outcome.error;
  }
}

function refusedReply({ code, detail, hint }: Refusal, { row }: Running): Reply {
  const { state } = row;
  const current = {
    status: statusOf(state),
    percentage: state.percentage,
    planDigest: state.planDigest,
    allowed: [...allowedCommands(state)],
  };
  return problemReply({ code, detail: `${detail}.`, hint: `${hint}.`, current });
}

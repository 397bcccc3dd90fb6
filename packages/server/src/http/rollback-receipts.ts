import type { ReceiptsView } from "@rampart/core";
import type { RolloutRow } from "../ports/rollout-store.ts";
import type { HttpParts } from "./parts.ts";

/** Of one flag's urgent changes, so many of the newest are looked through for a rollout's. */
const CLOSED_MAX = 50;

interface RollbackParts extends Pick<HttpParts, "store"> {
  readonly hub: Pick<HttpParts["hub"], "receiptsOfRollout">;
}

/** Who applied the rollback of a rollout: what this server counts or remembers, else what the audit keeps. */
export class RollbackReceipts {
  readonly #parts: RollbackParts;

  constructor(parts: RollbackParts) {
    this.#parts = parts;
  }

  /** Undefined: it was not rolled back, or nobody counted. */
  async of({ id, flag, environment, state }: RolloutRow): Promise<ReceiptsView | undefined> {
    if (state.killedAt === undefined) return undefined;
    const counted = this.#parts.hub.receiptsOfRollout(environment, id);
    if (counted !== undefined) return counted;
    const entries = await this.#parts.store.audit({
      action: "receipts.closed",
      target: `flag/${flag}`,
      environment,
      order: "newest",
      limit: CLOSED_MAX,
    });
    // The action is this server's own, so that what stands after it is what was written there.
    const kept = entries.map(({ after }) => after as ReceiptsView | undefined);
    return kept.find((view) => view?.rollout === id);
  }
}

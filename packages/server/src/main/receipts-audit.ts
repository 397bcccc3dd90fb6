import type { JsonValue, ReceiptsView } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";

/** The audit's name for the end of an urgent change's receipts. */
export const RECEIPTS_CLOSED = "receipts.closed";

/** Keeps what became of each urgent change: one audit entry for all of its receipts. */
export interface ReceiptsAudit {
  readonly note: (view: ReceiptsView) => void;
  /** Resolves when what was noted is stored. */
  readonly settled: () => Promise<void>;
}

/** Keeps the result of each urgent change in the audit. What can't be stored is logged instead. */
export function createReceiptsAudit(parts: {
  readonly store: Pick<Store, "appendAudit">;
  readonly clock: Clock;
  readonly logger: Logger;
}): ReceiptsAudit {
  const { store, clock, logger } = parts;
  const writing = new Set<Promise<void>>();
  const write = async (view: ReceiptsView): Promise<void> => {
    const { environment, flags, revision, verdict, expected, acknowledged } = view;
    const [flag] = flags;
    const target = flag === undefined ? `environment/${environment}` : `flag/${flag}`;
    const said = { environment, flags, revision, verdict, expected, acknowledged, maxMs: view.applied?.maxMs };
    if (verdict === "unproven") logger.warn(said, "clients that may still be on did not confirm an urgent change");
    else logger.info(said, "an urgent change is everywhere");
    try {
      await store.appendAudit(
        { target, environment, after: asJson(view) },
        { actor: "system", action: RECEIPTS_CLOSED, at: clock.now() },
      );
    } catch (error) {
      logger.error(
        { err: error, receipts: view },
        "the receipts of an urgent change can't be stored; they are in this line",
      );
    }
  };
  return {
    note(view) {
      const written = write(view).finally(() => writing.delete(written));
      writing.add(written);
    },
    async settled() {
      await Promise.all(writing);
    },
  };
}

/** A view holds nothing but JSON; its type says so less loosely than `JsonValue` can. */
const asJson = (view: ReceiptsView): JsonValue => JSON.parse(JSON.stringify(view)) as JsonValue;

import { ELSEWHERE_BEFORE_MS, notThisFlag } from "../domain/rollout/elsewhere.ts";
import type { RolloutCommit, RolloutRow } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import { tellElsewhere } from "./commit.ts";

/** Of the audit, when a rollback did not help. */
const AUDIT_READ_MAX = 500;

/** Where a rollback did not help, what else changed is looked up before it is told. */
export async function explained(
  commit: RolloutCommit,
  { environment, flag, state }: RolloutRow,
  audit: Store["audit"],
): Promise<RolloutCommit> {
  if (!commit.records.some(({ event }) => event === "notRecovered")) return commit;
  const { phase } = state;
  const breachAt = phase.kind === "verifying" ? (phase.cause.since ?? phase.since) : state.now;
  const from = breachAt - ELSEWHERE_BEFORE_MS;
  const entries = await audit({ order: "newest", limit: AUDIT_READ_MAX }).catch(() => undefined);
  return tellElsewhere(
    commit,
    entries === undefined
      ? "not this flag; what else changed could not be read"
      : notThisFlag(entries, { environment, flag, from }),
  );
}

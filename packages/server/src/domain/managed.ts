import { isDeepStrictEqual } from "node:util";
import type { FlagConfig } from "@rampart/core";
import { flagManaged, type Refusal } from "./problems.ts";
import type { ConfigRecord, Decision } from "./records.ts";

/**
 * While a rollout ramps a flag, people leave its exposure alone: the fallthrough, the lease, what is measured and switching it on. Switching it off
 * is always theirs, and ends the rollout; so are rules, targets and all the rest.
 */
export function leaveToRollout(
  record: ConfigRecord,
  rollout: () => string | undefined,
  decision: Decision<FlagConfig, Refusal>,
): Decision<FlagConfig, Refusal> {
  if (decision.kind !== "write") return decision;
  const { config } = record;
  const { next } = decision;
  const exposes =
    !isDeepStrictEqual(next.fallthrough, config.fallthrough) ||
    next.leaseMs !== config.leaseMs ||
    !isDeepStrictEqual(next.measures, config.measures) ||
    (next.enabled && !config.enabled);
  const id = exposes ? rollout() : undefined;
  return id === undefined ? decision : { kind: "refuse", problem: flagManaged(record.key, id) };
}

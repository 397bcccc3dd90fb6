import type { AuditEntry } from "@rampart/core";
import { DRILL_FLAG } from "../drill.ts";
import { instantOf } from "../instant.ts";
import type { EpochMs } from "./instant.ts";

/** What changed up to this long before the breach may have led to it. */
export const ELSEWHERE_BEFORE_MS = 30 * 60_000;

/** This many are named, the newest first; the audit has them all. */
export const ELSEWHERE_NAMED_MAX = 8;

/** What else may be behind it when taking a flag back did not help. */
export interface Suspicion {
  readonly environment: string;
  /** The one that was taken back. */
  readonly flag: string;
  readonly from: EpochMs;
}

/**
 * What people are told when a rollback did not help: that it is not this flag, and what else changed in its environment since `from`, other rollouts' steps
 * among it. `entries`: of the audit, the newest first.
 */
export function notThisFlag(entries: readonly AuditEntry[], { environment, flag, from }: Suspicion): string {
  const others = entries.filter(
    (entry) =>
      Date.parse(entry.at) >= from &&
      /^(?:flag|config|segment)\./.test(entry.action) &&
      entry.target !== `flag/${flag}` &&
      // No user meets it, so that it is nobody's fault.
      entry.target !== `flag/${DRILL_FLAG}` &&
      (entry.environment === environment || entry.revisions?.[environment] !== undefined),
  );
  if (others.length === 0) return `not this flag; nothing else changed in ${environment} since ${instantOf(from)}`;
  const named = others.slice(0, ELSEWHERE_NAMED_MAX).map(lineOf);
  const more = others.length - named.length;
  const rest = more === 0 ? "" : `; and ${more} more, see rampart audit list`;
  return `not this flag; what else changed in ${environment} since ${instantOf(from)}: ${named.join("; ")}${rest}`;
}

function lineOf({ at, actor, action, target, reason }: AuditEntry): string {
  return `${target} ${action} at ${at} by ${actor}${reason === undefined ? "" : ` (${reason})`}`;
}

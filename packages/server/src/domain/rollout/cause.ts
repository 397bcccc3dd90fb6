import type { RolloutCauseKind } from "@rampart/core";
import type { EpochMs } from "./instant.ts";

/**
 * Why something happened: `kind` says what sort of thing did it, `subject` which one (a trigger's name, a metric, a person). Written
 * to JSON as `{ [kind]: subject, … }`.
 */
export interface Cause {
  readonly kind: RolloutCauseKind;
  readonly subject: string;
  /** The condition, as the plan wrote it. */
  readonly condition?: string;
  readonly value?: number;
  readonly threshold?: number;
  /** When the condition became true, or the data stopped. */
  readonly since?: EpochMs;
  readonly by?: string;
  /** The trace of the call by which somebody asked for it. */
  readonly traceId?: string;
  readonly reason?: string;
  /** The users with and without the flag against each other, in one line. */
  readonly comparison?: string;
  /** `flag`: users with the flag fare worse than users without it. `shared`: those without it fare as badly; it is not the flag. */
  readonly attribution?: "flag" | "shared";
}

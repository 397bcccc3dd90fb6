import type { LegsView, QuantilesView } from "@rampart/core";
import type { TakenBack } from "../ports/taken-back.ts";
import type { Written } from "./expected.ts";
import type { UrgentChange } from "./feed.ts";

/** An urgent change, and when it was written. */
interface Told {
  readonly change: Pick<UrgentChange, "committedAt">;
  readonly written: Written;
}

/** Milliseconds from the last socket write, of milliseconds from the commit. */
export const sinceWrittenMs = ({ written, change }: Told, afterCommitMs: number): number =>
  Math.max(0, afterCommitMs - Math.max(0, written.now - change.committedAt));

/** Where the time between what a metric says and the last client went. `applied`: from the commit. */
export function legsOf(
  open: Told & { readonly takenBack: TakenBack | undefined },
  applied: QuantilesView | undefined,
): LegsView {
  const { takenBack, written, change } = open;
  const apply: QuantilesView | undefined = applied && {
    p50Ms: sinceWrittenMs(open, applied.p50Ms),
    p99Ms: sinceWrittenMs(open, applied.p99Ms),
    maxMs: sinceWrittenMs(open, applied.maxMs),
  };
  const decided = takenBack && {
    ...(takenBack.dataAgeMs === undefined ? {} : { dataAgeMs: takenBack.dataAgeMs }),
    decideMs: takenBack.decideMs,
    commitMs: takenBack.commitMs,
  };
  // Another server's monotonic clock says nothing here.
  const isOwn = takenBack !== undefined && !Number.isNaN(takenBack.committedAtMs);
  const writeMs = isOwn ? written.nowMs - takenBack.committedAtMs : written.now - change.committedAt;
  return { ...decided, writeMs: Math.max(0, writeMs), ...(apply === undefined ? {} : { apply }) };
}

import type { LegsView, ReceiptsView } from "@rampart/core";

/** Drills rehearse on flags of this name and nothing else, so that no user ever notices one. */
export const DRILL_FLAG = "rampart-drill";

export type DrillVerdict =
  | { readonly kind: "good"; readonly tookMs: number }
  | { readonly kind: "bad"; readonly detail: string; readonly hint: string };

/**
 * What a rollback on the drill flag proved. `tookMs`: from the oldest data that it was decided on, or from the signal, to the last client's having
 * applied it, all legs added up. Only a rollback that a trigger decided, with every client's receipt, is a drill.
 */
export function judgeDrill(receipts: ReceiptsView): DrillVerdict {
  const { flags, rollout, verdict, expected, acknowledged, legs } = receipts;
  if (!flags.includes(DRILL_FLAG)) {
    return bad(`revision ${receipts.revision} took ${flags.join(", ")} back, not ${DRILL_FLAG}`, "run rampart drill");
  }
  if (rollout === undefined) return bad("it was killed by hand, so that no trigger was rehearsed", "run rampart drill");
  if (expected === 0) return bad("no client was connected that could have been on", "connect the services' SDKs first");
  if (verdict === "open")
    return bad(`${acknowledged} of ${expected} clients have said so yet`, "ask again in some seconds");
  if (verdict !== "proven") {
    return bad(
      `${expected - acknowledged} of ${expected} clients did not say that they applied it`,
      "see rampart receipts for who is missing",
    );
  }
  return { kind: "good", tookMs: totalMs(legs) };
}

function totalMs({ dataAgeMs = 0, decideMs = 0, commitMs = 0, writeMs, apply }: LegsView): number {
  return Math.ceil(dataAgeMs + decideMs + commitMs + writeMs + (apply?.maxMs ?? 0));
}

function bad(detail: string, hint: string): DrillVerdict {
  return { kind: "bad", detail, hint };
}

import { measure } from "@rampart/core";
import type { ReceiptsVerdict, ReceiptsView } from "@rampart/core";
import { count } from "../../output/format.ts";
import type { Paint } from "../../output/style.ts";

/** How what clients said of a rollback is painted. */
export const RECEIPTS_PAINT: { readonly [verdict in ReceiptsVerdict]: Paint } = {
  open: "cyan",
  proven: "green",
  bounded: "yellow",
  unproven: "red",
};

/** `proven: 4,117 of 4,117 clients applied the rollback, p99 1.9s`; who is missing is counted, and named by `rampart receipts`. */
export function receiptsText({ verdict, acknowledged, expected, applied, revision }: ReceiptsView): string {
  if (expected === 0) return `${verdict}: no client could have been on`;
  const missing = expected - acknowledged;
  const parts = [
    `${count(acknowledged)} of ${count(expected)} clients applied the rollback`,
    ...(applied === undefined ? [] : [`p99 ${measure(applied.p99Ms / 1000, "seconds")}`]),
    ...(missing === 0 ? [] : [`${count(missing)} missing: rampart receipts ${revision}`]),
  ];
  return `${verdict}: ${parts.join(", ")}`;
}

import { BUDGET_MS, budgetOf, type ReceiptsView } from "@rampart/core";
import { moment, span, table } from "./markdown.ts";

/** Where a rollback's time went, who confirmed it, and who did not. */
export function budgetPart(rollback: ReceiptsView | undefined): readonly string[] {
  if (rollback === undefined)
    return ["Nobody counted: the server that rolled back ended before its clients had answered."];
  const { legs, totalMs, isKept, isMeasured } = budgetOf(rollback.legs);
  const sum = isMeasured ? "total" : "total without the clients";
  const verdict = !isMeasured
    ? "No client that could have been on confirmed the change, so how long the clients took is not known."
    : `That is ${isKept ? "within" : "OVER"} the ${span(BUDGET_MS)} in which a rollback is to be everywhere.`;
  return [
    ...table(
      ["leg", "time"],
      [...legs.map(({ name, ms }) => [name, ms === undefined ? "not part of it" : span(ms)]), [sum, span(totalMs)]],
    ),
    "",
    verdict,
    "",
    clientsSentence(rollback),
    ...stragglersPart(rollback),
  ];
}

/** `4,112 of 4,117 clients confirmed that the flag is off …`. */
export function clientsSentence({
  verdict,
  expected,
  acknowledged,
  alreadyOff,
  applied,
  revision,
  boundedAt,
}: ReceiptsView): string {
  const already = alreadyOff === 0 ? "" : ` ${alreadyOff} more were off already by their lease.`;
  if (expected === 0) return `No client could have been on when the flag went off (revision ${revision}).${already}`;
  const times =
    applied === undefined
      ? ""
      : `, half of them within ${span(applied.p50Ms)} of the commit, 99 % within ${span(applied.p99Ms)}, the last after ${span(applied.maxMs)}`;
  const until = boundedAt === undefined ? "" : ` from ${moment(boundedAt)} on`;
  const rest = {
    proven: "Everybody who could have been on is off.",
    bounded: `Those who are missing are off by their lease${until}.`,
    unproven: "Those who are missing may still be on.",
    open: "Not all have answered yet.",
  }[verdict];
  return `${acknowledged} of ${expected} clients confirmed revision ${revision}${times}. ${rest}${already}`;
}

function stragglersPart({ stragglers, expected, acknowledged }: ReceiptsView): readonly string[] {
  if (stragglers.length === 0) return [];
  const rows = stragglers.map(({ instanceId, sdk, address, revision, lastContactAt, offAt }) => [
    instanceId,
    sdk,
    address,
    String(revision),
    moment(lastContactAt),
    offAt === undefined ? "never by itself" : moment(offAt),
  ]);
  const more = expected - acknowledged - stragglers.length;
  return [
    "",
    ...table(["missing client", "SDK", "address", "had revision", "last contact", "off by its lease"], rows),
    ...(more > 0 ? ["", `${more} more are missing.`] : []),
  ];
}

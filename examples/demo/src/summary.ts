import { rolloutEventWords, type RolloutEventView } from "@rampart/core";
import { share } from "./screen.ts";
import type { Outcome } from "./story.ts";

/** Events that make the story; the rest is detail. */
const TOLD: ReadonlySet<string> = new Set([
  "started",
  "stageStarted",
  "triggerFired",
  "rollbackStarted",
  "recovered",
  "notRecovered",
  "rolledBack",
  "completed",
]);

/** What happened, how long each leg of the rollback took, and whether anybody is still on. */
export function summary(outcome: Outcome): string {
  const start = Date.parse(outcome.events[0]?.at ?? "");
  const story = outcome.events
    .filter((event) => TOLD.has(event.event))
    .map(
      (event) =>
        `  ${seconds(Date.parse(event.at) - start).padStart(8)}  ${`${event.percentage} %`.padStart(5)}  ${whatText(event)}${because(event)}`,
    );
  return ["", ...story, "", ...legs(outcome), ...comparison(outcome), verdict(outcome), ""].join("\n");
}

function whatText({ event, stage }: RolloutEventView): string {
  return event === "stageStarted" ? `${stage ?? "a stage"} opened` : rolloutEventWords(event);
}

function because({ cause }: RolloutEventView): string {
  if (cause?.kind !== "trigger") return "";
  const seen = cause.value === undefined ? "" : `, at ${share(cause.value)}`;
  return `: ${cause.subject} (${cause.condition ?? ""}${seen})`;
}

/** What the comparison saw, and that no threshold would have. */
function comparison({ rollout, script, errorRateMax }: Outcome): readonly string[] {
  const line = rollout.cause?.comparison;
  if (line === undefined) return [];
  return [
    `  Only users with ${script.flag} were hurt. ${line}`,
    `  The plan's threshold, 5 % of all requests, never saw more than ${share(errorRateMax)}.`,
  ];
}

function legs({ brokenAt, events, services, script }: Outcome): readonly string[] {
  const fired = events.find((event) => event.event === "triggerFired");
  if (brokenAt === undefined || fired === undefined) return [];
  const decidedAt = Date.parse(fired.at);
  const seenAt = fired.cause?.since === undefined ? undefined : Date.parse(fired.cause.since);
  const lastAppliedAt = lastApplied(services, decidedAt);
  const recovered = events.find((event) => event.event === "recovered");
  const rows: readonly (readonly [string, number | undefined])[] = [
    [`the new code begins to fail (${script.faultShare * 100} % of its requests)`, 0],
    ...(fired.cause?.comparison === undefined
      ? ([
          ["the breach is in a sample", seenAt === undefined ? undefined : seenAt - brokenAt],
          ["the rollback is decided: true for the trigger's `for`", decidedAt - brokenAt],
        ] as const)
      : ([["the evidence is enough, and the rollback is decided", decidedAt - brokenAt]] as const)),
    ["off in the last process", lastAppliedAt === undefined ? undefined : lastAppliedAt - brokenAt],
    ["recovery is seen", recovered === undefined ? undefined : Date.parse(recovered.at) - brokenAt],
  ];
  const flip = lastAppliedAt === undefined ? "—" : `${lastAppliedAt - decidedAt} ms`;
  return [
    ...rows.map(([what, ms]) => `  ${(ms === undefined ? "—" : seconds(ms)).padStart(8)}  ${what}`),
    "",
    `  From the decision to the last process: ${flip}, the durable commit included.`,
  ];
}

/** When the last process had the first change that came after the decision, which is the rollback. */
function lastApplied(services: Outcome["services"], decidedAt: number): number | undefined {
  const each = services.map((service) => service.applied.find((one) => one.at >= decidedAt)?.at);
  return each.every((at) => at !== undefined) ? Math.max(...each) : undefined;
}

function verdict({ services }: Outcome): string {
  const stillOn = services.filter((service) => service.onShare > 0);
  return stillOn.length === 0
    ? `  The flag is off in all ${services.length} processes.`
    : `  STILL ON in ${stillOn.map((service) => service.name).join(", ")}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

import { actorName, budgetOf, type DrillView } from "@rampart/core";
import { plural } from "./format.ts";
import { seconds } from "./measure.ts";

/** A drill for a terminal: what it took, and where the time went. */
export function drillText(drill: DrillView): string {
  const { clients, tookMs } = drill;
  const lines = legsOf(drill).map(([leg, time]) => `  ${leg.padEnd(LEG_WIDTH)}${time}`);
  return [
    `rolled back in ${plural(clients, "client")} within ${seconds(tookMs)}${verdictOf(drill)}`,
    ...lines,
    "",
  ].join("\n");
}

/** A drill as a page of Markdown. */
export function drillReport(drill: DrillView): string {
  const { at, environment, clients, tookMs, rollout, revision, by, trigger, condition } = drill;
  const rows = legsOf(drill).map(([leg, time]) => `| ${leg} | ${time} |`);
  return [
    `# Drill in ${environment}, ${at}`,
    "",
    `Rolled back in ${plural(clients, "client")} within **${seconds(tookMs)}**${verdictOf(drill)}.`,
    "",
    ...(trigger === undefined ? [] : [`Trigger: ${trigger} (\`${condition}\`)`, ""]),
    "| leg | time |",
    "| --- | --- |",
    ...rows,
    "",
    `Rollout ${rollout}, revision ${revision}, by ${actorName(by)}.`,
    "",
  ].join("\n");
}

const LEG_WIDTH = 36;

function verdictOf({ tookMs, withinMs }: DrillView): string {
  if (withinMs === undefined) return "";
  return tookMs <= withinMs
    ? `: good, it may take ${seconds(withinMs)}`
    : `: TOO LONG, it may take ${seconds(withinMs)}`;
}

/** In the order in which they happen. */
function legsOf({ waitMs, legs }: DrillView): readonly (readonly [string, string])[] {
  const spent = [
    { name: "breach to the decisive sample", ms: waitMs },
    ...(legs === undefined ? [] : budgetOf(legs).legs),
  ];
  return spent.flatMap(({ name, ms }) => (ms === undefined ? [] : [[name, seconds(ms)] as const]));
}

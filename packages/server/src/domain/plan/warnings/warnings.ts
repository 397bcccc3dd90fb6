import { formatDuration } from "../grammar/duration.ts";
import type { Path } from "../problem.ts";
import type { Finding } from "../structure.ts";
import type { Plan, Trigger } from "../types.ts";
import { OFF_WITHIN_MS } from "./bound.ts";
import { warnOfMetrics } from "./metrics.ts";
import { warnOfStages } from "./stages.ts";
import { warnOfTriggers } from "./triggers.ts";
import type { Warn } from "./warn.ts";

/** Polling clients are in contact every 10 s; a lease needs room for one that is missed. */
const LEASE_COMFORTABLE_MS = 15_000;

/** What is allowed and still worth a second thought. `origins` tells where the plan's parts stand in the document. */
export function warningsOf(plan: Plan, origins: ReadonlyMap<object, Path>): readonly Finding[] {
  const findings: Finding[] = [];
  const warn: Warn = (part, message, hint) => {
    findings.push({ path: origins.get(part) ?? ["spec"], at: "key", message, hint });
  };
  const planTriggers = [...origins].filter(([, path]) => path[1] === "triggers").map(([part]) => part as Trigger);
  warnOfTriggers(plan, warn);
  for (const trigger of planTriggers) {
    if (!plan.stages.some((stage) => stage.triggers.includes(trigger)))
      warn(
        trigger,
        `every stage replaces ${trigger.name}: it is armed nowhere`,
        "take it out, or give the stages' triggers other names",
      );
  }
  warnOfStages(plan, planTriggers, warn);
  warnOfMetrics(plan, warn);
  warnOfLease(plan, findings);
  warnOfUnverified(plan, findings);
  return findings;
}

/** A plan without metrics has nothing to look at: there it is no omission. */
function warnOfUnverified({ rollback, metrics, stages }: Plan, findings: Finding[]): void {
  const [metric] = Object.keys(metrics);
  if (rollback.verify !== undefined || metric === undefined) return;
  const isBorrowed = stages.some(({ criteria }) => criteria.length > 0);
  findings.push({
    path: ["spec", "rollback"],
    at: "key",
    message: "nobody looks whether a rollback helped",
    hint: isBorrowed
      ? "add `rollback: { verify: { within: 5m } }`: the criteria of the stage that was rolled back have to hold again"
      : `add \`rollback: { verify: { within: 5m, criteria: [...] } }\`, with what ${metric} has to be again`,
  });
}

function warnOfLease({ leaseMs }: Plan, findings: Finding[]): void {
  const warn = (message: string, hint: string) =>
    findings.push({ path: ["spec", "lease"], at: "value", message, hint });
  if (leaseMs === undefined)
    warn("without a lease, a client that lost contact keeps the flag on until it is back", "leave `lease` out for 25s");
  else if (leaseMs > OFF_WITHIN_MS)
    warn(
      `a client that lost contact keeps the flag on for up to ${formatDuration(leaseMs)}, above ${formatDuration(OFF_WITHIN_MS)}`,
      "25s is the default",
    );
  else if (leaseMs < LEASE_COMFORTABLE_MS)
    warn(`a lease of ${formatDuration(leaseMs)} can end while a client that polls is well`, "15s or more");
}

import { lookAtSeconds } from "../../compare/slow.ts";
import { PROOF_ALPHA } from "../compared.ts";
import { formatDuration } from "../grammar/duration.ts";
import type { Condition, Criterion, Plan, Stage, Trigger } from "../types.ts";
import { directionOf, reachOf } from "./reach.ts";
import { HOLDBACK_HINT, shareText } from "./triggers.ts";
import type { Warn } from "./warn.ts";

/** What can be said of stages and their criteria. `planTriggers`: the plan's own, as they are where no stage replaces them. */
export function warnOfStages(plan: Plan, planTriggers: readonly Trigger[], warn: Warn): void {
  let elapsedMs = 0;
  const known = new Set<string>();
  for (const stage of plan.stages) {
    for (const criterion of stage.criteria) {
      if (known.has(criterion.id)) continue;
      known.add(criterion.id);
      warnOfReach(plan, criterion, warn);
      warnOfFor(stage, criterion, elapsedMs, warn);
      warnOfGap(stage, criterion, warn);
      warnOfMissingControl(plan, criterion, warn);
      warnOfLaxAlpha(criterion, warn);
      warnOfEarlyTimeout(stage, criterion, warn);
    }
    warnOfApprovals(stage, warn);
    if (stage.timeoutMs === undefined && stage.onTimeout === "rollback")
      warn(stage, "`onTimeout` means nothing without `timeout`", "give the stage a timeout");
    elapsedMs += stage.durationMs;
  }
  for (const stage of plan.stages) warnOfReplacements(planTriggers, stage, warn);
}

function warnOfReach(plan: Plan, criterion: Criterion, warn: Warn): void {
  if (criterion.test.kind !== "condition") return;
  const { condition } = criterion.test;
  const reach = reachOf(condition, plan.metrics[condition.metric]?.unit ?? "none");
  if (reach === "never")
    warn(criterion, `"${condition.text}" can never hold: the stage would never end`, "check the number and its unit");
  if (reach === "always")
    warn(criterion, `"${condition.text}" always holds: it demands nothing`, "check the number and its unit");
}

/** What is compared can't be proven where everybody has the flag: the stage would never end. */
function warnOfMissingControl(plan: Plan, criterion: Criterion, warn: Warn): void {
  if (criterion.test.kind !== "compare" || plan.holdbackPercentage > 0) return;
  const blind = plan.stages.filter(
    ({ percentage, criteria }) => percentage === 100 && criteria.some(({ id }) => id === criterion.id),
  );
  if (blind.length === 0) return;
  warn(
    criterion,
    `in stage ${blind.map(({ name }) => name).join(", ")} everybody has the flag: nobody is there to compare with, and the stage never ends`,
    `${HOLDBACK_HINT}, or take the criterion out of that stage: \`inherit: false\``,
  );
}

/** A proof that is wrong more often than this, 0…1, proves little. */
const PROOF_ALPHA_MAX = 0.1;

function warnOfLaxAlpha(criterion: Criterion, warn: Warn): void {
  if (criterion.test.kind !== "compare") return;
  const { alpha } = criterion.test.within;
  if (alpha === undefined || alpha <= PROOF_ALPHA_MAX) return;
  warn(
    criterion,
    `with alpha ${alpha} it holds in up to ${shareText(alpha)} of rollouts that are worse than it allows`,
    `leave \`alpha\` out for ${shareText(PROOF_ALPHA)}`,
  );
}

/** What is to be proven is looked at for the first time some minutes after the percentage was set. */
function warnOfEarlyTimeout(stage: Stage, { test }: Criterion, warn: Warn): void {
  const firstMs = lookAtSeconds(1) * 1000;
  if (test.kind !== "compare" || stage.timeoutMs === undefined || stage.timeoutMs > firstMs) return;
  warn(
    stage,
    `it times out after ${formatDuration(stage.timeoutMs)}, and its comparison has its first verdict after ${formatDuration(firstMs)}`,
    "lengthen its `timeout`, or take the comparison out",
  );
}

/** A criterion can't have held longer than it has been watched. */
function warnOfFor(stage: Stage, criterion: Criterion, beforeMs: number, warn: Warn): void {
  if (criterion.forMs === 0) return;
  const shown = formatDuration(criterion.forMs);
  if (stage.timeoutMs !== undefined && beforeMs + stage.timeoutMs < criterion.forMs) {
    warn(
      criterion,
      `it has to hold for ${shown}, and stage ${stage.name} times out before that`,
      "shorten its `for`, or lengthen the stage and its timeout",
    );
  } else if (beforeMs + stage.durationMs < criterion.forMs) {
    warn(
      criterion,
      `it has to hold for ${shown}: stage ${stage.name} will last longer than its duration (${formatDuration(stage.durationMs)})`,
      "lengthen the stage's `duration` if that is what you mean",
    );
  }
}

/** Between what lets a stage end and what stops the rollout lies a range in which it does neither. */
function warnOfGap(stage: Stage, criterion: Criterion, warn: Warn): void {
  if (criterion.test.kind !== "condition") return;
  const { condition } = criterion.test;
  const opposed = stage.triggers.flatMap((trigger) =>
    trigger.action !== "notify" && isOpposed(condition, trigger) ? [trigger] : [],
  );
  const tighter = opposed.find((trigger) => compareLimits(condition, trigger) === "tighter");
  if (tighter !== undefined) {
    warn(
      criterion,
      `trigger ${tighter.name} (${textOf(tighter)}) fires while this still holds: the criterion decides nothing`,
      "make the criterion stricter than the trigger, or leave it out",
    );
    return;
  }
  const looser = opposed.filter((trigger) => compareLimits(condition, trigger) === "looser");
  const meets = opposed.some((trigger) => compareLimits(condition, trigger) === "meets");
  const rollback = looser.find(({ action }) => action === "rollback");
  if (rollback === undefined || meets || stage.timeoutMs !== undefined) return;
  warn(
    criterion,
    `between this and trigger ${rollback.name} (${textOf(rollback)}) the stage neither ends nor stops: it waits for ever`,
    "give the stage a `timeout`, or add a trigger with `action: pause` where the criterion ends",
  );
}

const textOf = (trigger: Trigger): string =>
  trigger.test.kind === "condition" ? trigger.test.condition.text : trigger.name;

function isOpposed(condition: Condition, trigger: Trigger): boolean {
  if (trigger.test.kind !== "condition") return false;
  const other = trigger.test.condition;
  const [mine, theirs] = [directionOf(condition), directionOf(other)];
  return (
    other.metric === condition.metric &&
    mine !== undefined &&
    theirs !== undefined &&
    mine !== theirs &&
    other.threshold.kind === condition.threshold.kind
  );
}

/** Where the trigger's limit lies, seen from the criterion: within what it allows, at its edge, or beyond. */
function compareLimits(condition: Condition, trigger: Trigger): "tighter" | "meets" | "looser" {
  if (trigger.test.kind !== "condition") return "looser";
  const sign = directionOf(condition) === "down" ? 1 : -1;
  const distance = sign * (limitOf(trigger.test.condition) - limitOf(condition));
  return distance < 0 ? "tighter" : distance === 0 ? "meets" : "looser";
}

const limitOf = ({ threshold }: Condition): number => (threshold.kind === "absolute" ? threshold.value : threshold.by);

function warnOfApprovals(stage: Stage, warn: Warn): void {
  const seen = new Set<string>();
  for (const approval of stage.approvals) {
    if (seen.has(approval.role))
      warn(
        approval,
        `role ${approval.role} is listed twice: the same person satisfies both`,
        "to ask for two people, write it once with `count: 2`",
      );
    seen.add(approval.role);
  }
}

/** A stage's trigger that replaces the plan's takes something away unless it is at least as quick and as strict. */
function warnOfReplacements(planTriggers: readonly Trigger[], stage: Stage, warn: Warn): void {
  for (const own of stage.triggers) {
    const original = planTriggers.find((other) => other !== own && other.name === own.name);
    if (original?.action !== "rollback") continue;
    if (own.action !== "rollback") {
      warn(
        own,
        `it replaces the plan's rollback trigger ${own.name} by one that only ${own.action === "pause" ? "pauses" : "tells"}`,
        "give it another name to keep both",
      );
    } else if (own.forMs > original.forMs && isSameDirection(own, original)) {
      warn(
        own,
        `it replaces "${textOf(original)}" for ${formatDuration(original.forMs)}: here a breach of that takes ${formatDuration(own.forMs)} to roll back`,
        "give it another name to keep both",
      );
    }
  }
}

function isSameDirection(a: Trigger, b: Trigger): boolean {
  if (a.test.kind !== "condition" || b.test.kind !== "condition") return true;
  return (
    a.test.condition.metric === b.test.condition.metric &&
    directionOf(a.test.condition) === directionOf(b.test.condition)
  );
}

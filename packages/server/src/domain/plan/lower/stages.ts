import type { PlanDocument } from "../document/document.ts";
import { formatDuration } from "../grammar/duration.ts";
import { parsePercentage } from "../grammar/percentage.ts";
import type { Reader } from "../reader.ts";
import type { Approval, Criterion, Metric, Stage, Trigger } from "../types.ts";
import { lowerChecklist } from "./checklist.ts";
import { from, type Lowering } from "./context.ts";
import { checkNames } from "./names.ts";
import { lowerCriterion } from "./rules.ts";
import { lowerTriggers } from "./triggers.ts";
import { lowerWindow } from "./window.ts";

type StageDocument = PlanDocument["spec"]["stages"][number];

/** What the `stages` of a document come to. */
export interface StageParts {
  readonly stages: readonly Stage[];
  /** Metrics that the stages' own `promql` triggers need, by name. */
  readonly metrics: readonly Metric[];
}

/** The ramp: each stage with the criteria it inherits and the plan's triggers, as it replaces them. */
export function lowerStages(
  reader: Reader<readonly StageDocument[]>,
  planTriggers: readonly Trigger[],
  context: Lowering,
): StageParts {
  const items = reader.items();
  checkNames(
    items.map((item) => item.get("name")),
    "stage",
  );
  const stages: Stage[] = [];
  const metrics: Metric[] = [];
  let inherited: readonly Criterion[] = [];
  let before: { readonly index: number; readonly percentage: number } | undefined;
  for (const [index, item] of items.entries()) {
    const percentage = lowerPercentage(item.get("percentage"), before);
    if (percentage !== undefined) before = { index, percentage };
    const own = item
      .get("criteria")
      .items()
      .flatMap((one) => lowerCriterion(one, context) ?? []);
    inherited = distinct(item.get("inherit").boolean() === false ? own : [...inherited, ...own]);
    const stageTriggers = lowerTriggers(item.get("triggers"), item.get("name").text() ?? "", context);
    metrics.push(...stageTriggers.metrics);
    stages.push(
      from(
        context,
        item,
        lowerStage(
          item,
          {
            percentage: percentage ?? 0,
            criteria: inherited,
            triggers: replaced(planTriggers, stageTriggers.triggers),
          },
          context,
        ),
      ),
    );
  }
  return { stages, metrics };
}

function lowerStage(
  reader: Reader<StageDocument>,
  parts: Pick<Stage, "percentage" | "criteria" | "triggers">,
  context: Lowering,
): Stage {
  const name = reader.get("name").text() ?? "";
  const durationMs = reader.get("duration").duration() ?? 0;
  const timeout = reader.get("timeout");
  const timeoutMs = timeout.duration();
  if (timeoutMs !== undefined && timeoutMs <= durationMs) {
    timeout.problem(
      `timeout ${formatDuration(timeoutMs)} must be above the duration (${formatDuration(durationMs)})`,
      "a stage lasts its duration at least; the timeout is when waiting for its criteria ends",
    );
  }
  const window = lowerWindow(reader.get("window"));
  const description = reader.get("description").text();
  const checklist = lowerChecklist(reader.get("checklist"), name, context);
  const evidence = lowerChecklist(reader.get("evidence"), name, context);
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...parts,
    durationMs,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    onTimeout: reader.get("onTimeout").choice(["pause", "rollback"]) ?? "pause",
    checklist: [...checklist, ...evidence],
    approvals: reader
      .get("approvals")
      .items()
      .map((one) => lowerApproval(one, context)),
    ...(window === undefined ? {} : { window }),
  };
}

function lowerPercentage(
  reader: Reader<StageDocument["percentage"]>,
  before: { readonly index: number; readonly percentage: number } | undefined,
): number | undefined {
  const { value } = reader;
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const percentage = reader.take(parsePercentage(value));
  if (percentage === undefined) return undefined;
  if (percentage === 0) {
    reader.problem(
      "percentage 0 exposes nobody",
      "a first stage begins above 0, for example 1; waiting before it is what preconditions are for",
    );
    return undefined;
  }
  if (before !== undefined && percentage <= before.percentage) {
    reader.problem(
      `percentage ${percentage} must be above stage ${before.index + 1} (${before.percentage})`,
      "a ramp only rises: put the stages in order, or lengthen the stage before",
    );
  }
  return percentage;
}

function lowerApproval(reader: Reader<NonNullable<StageDocument["approvals"]>[number]>, context: Lowering): Approval {
  const role = reader.text() ?? reader.get("role").text() ?? "";
  return from(context, reader, { role, count: reader.get("count").number() ?? 1 });
}

/** The plan's triggers, each replaced by the stage's of the same name, then the stage's own. */
function replaced(planTriggers: readonly Trigger[], stageTriggers: readonly Trigger[]): readonly Trigger[] {
  const byName = new Map(stageTriggers.map((trigger) => [trigger.name, trigger]));
  const planNames = new Set(planTriggers.map(({ name }) => name));
  return [
    ...planTriggers.map((trigger) => byName.get(trigger.name) ?? trigger),
    ...stageTriggers.filter(({ name }) => !planNames.has(name)),
  ];
}

function distinct(criteria: readonly Criterion[]): readonly Criterion[] {
  return [...new Map(criteria.toReversed().map((criterion) => [criterion.id, criterion])).values()].toReversed();
}

import type { EvidenceStageOutcome } from "@rampart/core";
import type { Plan, Stage } from "../plan/types.ts";
import type { EpochMs } from "../records.ts";
import type { RolloutRecord } from "../rollout/effect.ts";

/** What became of a stage. */
export interface StageStory {
  readonly stage: Stage;
  readonly outcome: EvidenceStageOutcome;
  readonly openedAt?: EpochMs;
  readonly closedAt?: EpochMs;
}

/** What became of each stage of the plan, by the rollout's story. */
export function stageStories(plan: Plan, records: readonly RolloutRecord[]): readonly StageStory[] {
  return plan.stages.map((stage) => storyOf(stage, records));
}

function storyOf(stage: Stage, records: readonly RolloutRecord[]): StageStory {
  const opened = records.find(({ event, stage: name }) => event === "stageStarted" && name === stage.name);
  if (opened === undefined) return { stage, outcome: "notReached" };
  const since = { stage, openedAt: opened.at };
  const mine = records.slice(records.indexOf(opened)).filter((record) => record.stage === stage.name);
  const done = mine.find(({ event }) => event === "stageDone");
  if (done !== undefined) {
    const outcome = mine.some(({ event, at }) => event === "promoted" && at === done.at) ? "promoted" : "passed";
    return { ...since, outcome, closedAt: done.at };
  }
  const stopped = records.find(({ event, at }) => event === "rollbackStarted" && at >= opened.at);
  return stopped === undefined ? { ...since, outcome: "open" } : { ...since, outcome: "stopped", closedAt: stopped.at };
}

import type { RolloutView, StageState, StageView } from "@rampart/core";
import { Bar } from "../../ui/bar.tsx";
import { percent } from "../../ui/status.tsx";
import { duration, seconds } from "../../ui/duration.ts";

const STATES: Readonly<Record<StageState, readonly [mark: string, word: string]>> = {
  done: ["✓", "done"],
  current: ["▲", "now"],
  opening: ["◆", "waits to open"],
  next: ["", "to come"],
  stopped: ["▼", "stopped"],
};

/** The stages from left to right, with where the rollout is. */
export function Rail({ rollout }: { readonly rollout: RolloutView }) {
  return (
    <ol class="rail" aria-label="Stages">
      {rollout.stages.map((stage) => (
        <Stop key={stage.name} stage={stage} isPaused={rollout.status === "paused"} />
      ))}
    </ol>
  );
}

const PAUSED = ["‖", "paused"] as const;

function Stop({ stage, isPaused }: { readonly stage: StageView; readonly isPaused: boolean }) {
  const [mark, word] = isPaused && stage.state === "current" ? PAUSED : STATES[stage.state];
  const { elapsedMs, remainingMs, durationMs } = stage;
  return (
    <li class={`stop stop-${stage.state}`} aria-current={stage.state === "current" ? "step" : undefined}>
      <div class="row-between">
        <strong class="stop-percentage">{percent(stage.percentage)}</strong>
        <span class="small">
          {mark === "" ? null : <span aria-hidden="true">{mark} </span>}
          {word}
        </span>
      </div>
      <span class="stop-name" title={stage.description}>
        {stage.name}
      </span>
      <Bar
        share={shareOf(stage)}
        tone={stage.state === "stopped" ? "bad" : stage.state === "done" ? "good" : "accent"}
      />
      <span class="soft small">
        {stage.state === "stopped"
          ? `before its ${duration(durationMs)} were over`
          : elapsedMs === undefined
            ? duration(durationMs)
            : remainingMs === undefined || remainingMs === 0
              ? `${seconds(elapsedMs)}, its ${duration(durationMs)} are over`
              : `${seconds(elapsedMs)} of ${duration(durationMs)}`}
      </span>
    </li>
  );
}

function shareOf({ state, elapsedMs, durationMs }: StageView): number {
  if (state === "done") return 1;
  return elapsedMs === undefined || durationMs === 0 ? 0 : elapsedMs / durationMs;
}

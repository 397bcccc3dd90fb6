/** The demo's script: what happens in turn, and the figures that come of it. */
import type { Fleet, ServiceView } from "./fleet.ts";
import type { Flip, Operator } from "./operator.ts";

export const FLAG = "new-checkout";
export const STAGES = [1, 5, 25, 50, 100] as const;
const FAULT_SHARE = 0.3;
const APPLY_TIMEOUT_MS = 5000;
const WATCH_MS = { stage: 2500, fault: 2500, after: 2500 } as const;

/** Where the story stands; what the screen draws. */
export interface Scene {
  readonly percentage: number;
  readonly phase: "ramping" | "broken" | "killed";
  readonly log: readonly string[];
}

/** One flip and how long until the last process had applied it, in milliseconds from the operator's request. */
export interface Step {
  readonly label: string;
  readonly revision: number;
  readonly answeredAfterMs: number;
  readonly lastAppliedAfterMs: number | undefined;
}

export interface Outcome {
  readonly steps: readonly Step[];
  readonly final: readonly ServiceView[];
}

export interface Stagehands {
  readonly operator: Operator;
  readonly fleet: Fleet;
  readonly pause: (ms: number) => Promise<void>;
  readonly show: (scene: Scene) => void;
}

export async function tell({ operator, fleet, pause, show }: Stagehands): Promise<Outcome> {
  const steps: Step[] = [];
  const log: string[] = [];
  let scene: Scene = { percentage: 0, phase: "ramping", log };
  const turn = (change: Partial<Scene>, line: string) => {
    log.push(line);
    scene = { ...scene, ...change, log };
    show(scene);
  };
  const follow = async (label: string, flip: Flip): Promise<Step> => {
    const appliedAtMs = await fleet.allApplied(flip.view.revision, APPLY_TIMEOUT_MS);
    const step: Step = {
      label,
      revision: flip.view.revision,
      answeredAfterMs: flip.answeredAfterMs,
      lastAppliedAfterMs: appliedAtMs === undefined ? undefined : appliedAtMs - flip.sentAtMs,
    };
    steps.push(step);
    return step;
  };

  await operator.createFlag(FLAG, "The demo's new code path");
  for (const percentage of STAGES) {
    const step = await follow(`${percentage} %`, await operator.ramp(FLAG, percentage, "demo ramp"));
    turn({ percentage }, `ramped to ${percentage} %: the last process had it after ${milliseconds(step.lastAppliedAfterMs)}`);
    await pause(WATCH_MS.stage);
  }
  fleet.breakNewCode(FAULT_SHARE);
  turn({ phase: "broken" }, `the new code breaks: ${FAULT_SHARE * 100} % of its requests fail`);
  await pause(WATCH_MS.fault);
  const step = await follow("kill", await operator.kill(FLAG, "errors on the new code"));
  turn({ percentage: 0, phase: "killed" }, `killed: off in the last process after ${milliseconds(step.lastAppliedAfterMs)}`);
  await pause(WATCH_MS.after);
  return { steps, final: fleet.views() };
}

export function milliseconds(value: number | undefined): string {
  return value === undefined ? "— (not within 5 s)" : `${value.toFixed(1)} ms`;
}

/** The demo's script: rollouts that run themselves until their new code breaks, and what came of them. */
import type { RolloutEventView, RolloutView } from "@rampart/core";
import type { Fleet, ServiceView } from "./fleet.ts";
import type { Operator } from "./operator.ts";
import { COMPARED_FLAG, FLAG } from "./plan.ts";

const LOOK_EVERY_MS = 150;
const STORY_TIMEOUT_MS = 60_000;

/** One rollout, and the fault that its new code gets. */
export interface Script {
  readonly flag: string;
  readonly description: string;
  /** The stage in which the fault comes, this long after it began. */
  readonly faultStage: string;
  readonly faultAfterMs: number;
  /** Of the requests that take the new code. */
  readonly faultShare: number;
}

/** Half of the users have it when it breaks: everybody's error rate shows it, and a threshold is enough. */
export const THRESHOLD_SCENE: Script = {
  flag: FLAG,
  description: "The demo's new code path",
  faultStage: "half",
  faultAfterMs: 1500,
  faultShare: 0.3,
};

/** One user in twenty has it when it breaks: everybody's error rate hardly moves. */
export const COMPARED_SCENE: Script = {
  flag: COMPARED_FLAG,
  description: "The demo's second code path",
  faultStage: "canary",
  faultAfterMs: 4000,
  faultShare: 0.3,
};

/** Where the story stands; what the screen draws. */
export interface Scene {
  readonly rollout: RolloutView;
  readonly services: readonly ServiceView[];
  readonly isBroken: boolean;
}

/** What came of one script. */
export interface Outcome {
  readonly script: Script;
  readonly rollout: RolloutView;
  readonly events: readonly RolloutEventView[];
  readonly services: readonly ServiceView[];
  /** When the new code began to fail, epoch milliseconds. */
  readonly brokenAt: number | undefined;
  /** The most that the plan's threshold saw from then on, as a share of all requests. */
  readonly errorRateMax: number;
}

/** What a script is told with. */
export interface Stagehands {
  readonly operator: Operator;
  readonly fleet: Fleet;
  readonly pause: (ms: number) => Promise<void>;
  readonly show: (scene: Scene) => void;
}

/** Plays a script until its rollout is over, or its time is. Rejects when the server refuses something. */
export async function tell(
  script: Script,
  plan: string,
  { operator, fleet, pause, show }: Stagehands,
): Promise<Outcome> {
  await operator.createFlag(script.flag, script.description);
  fleet.turnTo(script.flag);
  const { id } = await operator.startRollout(plan);
  const deadline = Date.now() + STORY_TIMEOUT_MS;
  let brokenAt: number | undefined;
  let errorRateMax = 0;
  let rollout = await operator.rollout(id);
  while (!isOver(rollout) && Date.now() < deadline) {
    if (brokenAt === undefined && isTimeToBreak(rollout, script)) {
      fleet.breakNewCode(script.faultShare);
      brokenAt = Date.now();
    }
    if (brokenAt !== undefined) errorRateMax = Math.max(errorRateMax, errorRateOf(rollout));
    show({ rollout, services: fleet.views(), isBroken: brokenAt !== undefined });
    await pause(LOOK_EVERY_MS);
    rollout = await operator.rollout(id);
  }
  const services = fleet.views();
  show({ rollout, services, isBroken: brokenAt !== undefined });
  return { script, rollout, events: await operator.events(id), services, brokenAt, errorRateMax };
}

function isOver({ status }: RolloutView): boolean {
  return status === "completed" || status === "rolledBack" || status === "cancelled";
}

function isTimeToBreak({ stages }: RolloutView, { faultStage, faultAfterMs }: Script): boolean {
  return stages.some(
    (stage) => stage.name === faultStage && stage.state === "current" && (stage.elapsedMs ?? 0) >= faultAfterMs,
  );
}

function errorRateOf({ metrics }: RolloutView): number {
  return metrics.find(({ name }) => name === "error_rate")?.value ?? 0;
}

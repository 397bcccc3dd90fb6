/** The demo's script: a rollout that runs itself until its new code breaks, and what came of it. */
import type { RolloutEventView, RolloutView } from "@rampart/core";
import type { Fleet, ServiceView } from "./fleet.ts";
import type { Operator } from "./operator.ts";
import { FLAG } from "./plan.ts";

/** The fault comes in this stage, this long after it began. */
const FAULT_STAGE = "half";
const FAULT_AFTER_MS = 1500;
/** Of the requests that take the new code. */
export const FAULT_SHARE = 0.3;
const LOOK_EVERY_MS = 150;
const STORY_TIMEOUT_MS = 120_000;

/** Where the story stands; what the screen draws. */
export interface Scene {
  readonly rollout: RolloutView;
  readonly services: readonly ServiceView[];
  readonly isBroken: boolean;
}

export interface Outcome {
  readonly rollout: RolloutView;
  readonly events: readonly RolloutEventView[];
  readonly services: readonly ServiceView[];
  /** When the new code began to fail, epoch milliseconds. */
  readonly brokenAt: number | undefined;
}

export interface Stagehands {
  readonly operator: Operator;
  readonly fleet: Fleet;
  readonly plan: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly show: (scene: Scene) => void;
}

export async function tell({ operator, fleet, plan, pause, show }: Stagehands): Promise<Outcome> {
  await operator.createFlag(FLAG, "The demo's new code path");
  const { id } = await operator.startRollout(plan);
  const deadline = Date.now() + STORY_TIMEOUT_MS;
  let brokenAt: number | undefined;
  let rollout = await operator.rollout(id);
  while (!isOver(rollout) && Date.now() < deadline) {
    if (brokenAt === undefined && isTimeToBreak(rollout)) {
      fleet.breakNewCode(FAULT_SHARE);
      brokenAt = Date.now();
    }
    show({ rollout, services: fleet.views(), isBroken: brokenAt !== undefined });
    await pause(LOOK_EVERY_MS);
    rollout = await operator.rollout(id);
  }
  const services = fleet.views();
  show({ rollout, services, isBroken: brokenAt !== undefined });
  return { rollout, events: await operator.events(id), services, brokenAt };
}

function isOver({ status }: RolloutView): boolean {
  return status === "completed" || status === "rolledBack" || status === "cancelled";
}

function isTimeToBreak({ stages }: RolloutView): boolean {
  return stages.some(
    (stage) => stage.name === FAULT_STAGE && stage.state === "current" && (stage.elapsedMs ?? 0) >= FAULT_AFTER_MS,
  );
}

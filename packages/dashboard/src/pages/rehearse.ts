import { rehearseRollback, type DrillView, type RehearsalStep } from "@rampart/core";
import { call } from "../api/call.ts";
import { CallError } from "../api/problem.ts";

/** What is rehearsed, and where. */
export interface DrillOrder {
  readonly environment: string;
  /** A stored plan whose trigger is taken over; undefined: the default. */
  readonly plan?: string;
  /** Told what is under way, for people. */
  readonly onStep: (step: string) => void;
}

/** Rehearses a rollback as `rampart drill` does, and records it. Rejects with a `CallError`. */
export async function rehearse({ environment, plan, onStep }: DrillOrder): Promise<DrillView> {
  onStep("Making the drill flag ready");
  const rehearsed = await rehearseRollback({
    environment,
    ...(plan !== undefined && { plan: { name: plan } }),
    call: (method, path, body) => call(method, path, body === undefined ? {} : { body }),
    isMissing: (error) => error instanceof CallError && error.failure.status === 404,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onStep: (step) => onStep(stepText(step)),
  });
  if (rehearsed.kind === "recorded") return rehearsed.drill;
  throw late(LATE[rehearsed.missed]);
}

function stepText(step: RehearsalStep): string {
  switch (step.kind) {
    case "exposing":
      return "Ramping it to 100 % in every client";
    case "breached":
      return `Breach fed into ${step.condition}: waiting for the rollback and every client's receipt`;
  }
}

const LATE = {
  exposed: "The drill flag was not on in every client",
  confirmed: "Not every client confirmed the rollback",
} as const;

function late(detail: string): CallError {
  return new CallError({
    kind: "refused",
    detail: `${detail} in time.`,
    hint: "See the clients, and the rollout of the drill flag.",
  });
}

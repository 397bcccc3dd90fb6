import type { Stage } from "../plan/types.ts";
import type { Person } from "./event.ts";
import type { ApprovalRecord, RolloutState } from "./state.ts";
import type { Waiting } from "./waiting.ts";

/**
 * The approvals that a stage still needs. Each role needs its number of distinct people; a person who holds several of the roles counts
 * for each of them. Only approvals of the very plan that runs count.
 */
export function missingApprovals(state: RolloutState, stage: Stage): readonly Extract<Waiting, { kind: "approval" }>[] {
  const given = approvalsOf(state, stage);
  return stage.approvals.flatMap(({ role, count }) => {
    const people = new Set(given.filter((one) => one.roles.includes(role)).map((one) => one.by));
    return people.size >= count
      ? []
      : [{ kind: "approval" as const, stage: stage.name, role, needed: count, given: people.size }];
  });
}

/** Valid approvals of a stage. */
export function approvalsOf(state: RolloutState, stage: Stage): readonly ApprovalRecord[] {
  return state.approvals.filter((one) => one.stage === stage.name && one.planDigest === state.planDigest);
}

/** The roles in which a person can speak for a stage: asked for by the stage, held by the person, and the one that was named, if one was. */
export function rolesFor(stage: Stage, person: Person, role: string | undefined): readonly string[] {
  const asked = stage.approvals.map((one) => one.role);
  return asked.filter((one) => person.roles.includes(one) && (role === undefined || role === one));
}

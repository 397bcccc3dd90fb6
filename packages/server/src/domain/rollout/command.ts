import type { ChecklistItem } from "../plan/types.ts";
import { begin, promoteStage } from "./advance.ts";
import { refusalOf } from "./allowed.ts";
import { approvalsOf, rolesFor } from "./approval.ts";
import type { Cause } from "./cause.ts";
import { isTicked, itemsAhead, itemsInView } from "./checklist.ts";
import type { RefusalCode } from "./effect.ts";
import { stopEscalation } from "./escalation.ts";
import type { Command, Person } from "./event.ts";
import { risingBlocked } from "./gate.ts";
import { pauseFor, resume } from "./pause.ts";
import { decideRollback } from "./rollback.ts";
import { change, enter, notify, record, refuse, type Turn } from "./turn.ts";

type Of<K extends Command["kind"]> = Extract<Command, { kind: K }>;

/**
 * Does what a person asks for, or refuses it with the way out. Answers with what a stage that opens right after is opened by, where it
 * is this command.
 */
export function obey(turn: Turn, person: Person, command: Command): Cause | undefined {
  const refusal = refusalOf(turn.state, command);
  if (refusal) {
    refuse(turn, refusal);
    return;
  }
  const cause: Cause = { kind: "command", subject: command.kind, ...callOf(person), ...reasonOf(command) };
  switch (command.kind) {
    case "start":
      change(turn, { startAt: turn.now, told: { ...turn.state.told, momentsUntil: turn.now - 1 } });
      begin(turn, cause);
      return;
    case "approve":
      return approve(turn, person, command);
    case "reject":
      reject(turn, person, command);
      return;
    case "tick":
      tickItems(turn, person, command);
      return;
    case "pause":
      pauseFor(turn, cause);
      return;
    case "resume":
      resume(turn, cause);
      return;
    case "promote":
      promote(turn, cause);
      return;
    case "rollback":
      decideRollback(turn, cause);
      return;
    case "cancel":
      enter(turn, { kind: "cancelled", since: turn.now, cause });
      turn.effects.push({ kind: "release" });
      record(turn, "cancelled", cause);
      notify(turn, "cancelled", "cancelled before anybody was exposed", { cause });
      return;
    case "acknowledge":
      if (stopEscalation(turn)) {
        record(turn, "acknowledged", cause);
        notify(turn, "acknowledged", `${person.by} looks after it`, { cause });
      }
      return;
  }
}

/** Who asked, and in which trace. */
function callOf({ by, traceId }: Person): Pick<Cause, "by" | "traceId"> {
  return { by, ...(traceId !== undefined && { traceId }) };
}

function reasonOf(command: Command): { readonly reason?: string } {
  return "reason" in command && command.reason !== undefined ? { reason: command.reason } : {};
}

/** An approval is for the stage that waits for it, or for the next one: it may be given early. */
function approve(turn: Turn, person: Person, command: Of<"approve">): Cause | undefined {
  const { plan, state } = turn;
  if (command.planDigest !== state.planDigest) {
    no(turn, "approve", {
      code: "PLAN_CHANGED",
      detail: `approve: it was given for the plan ${short(command.planDigest)}, and the rollout runs ${short(state.planDigest)}`,
      hint: "read the plan as it is now and approve that one",
    });
    return;
  }
  const stage = plan.stages[stageAwaited(turn)];
  if (!stage || stage.approvals.length === 0) {
    const which = stage ? `stage ${stage.name} needs no approval` : "there is no stage after this one";
    no(turn, "approve", {
      code: "NO_APPROVAL_NEEDED",
      detail: `approve: ${which}`,
      hint: "nothing has to be approved now",
    });
    return;
  }
  const roles = rolesFor(stage, person, command.role);
  if (roles.length === 0) {
    noRole(
      turn,
      "approve",
      person,
      stage.approvals.map((one) => one.role),
    );
    return;
  }
  const before = approvalsOf(state, stage).find((one) => one.by === person.by);
  const known = before?.roles ?? [];
  if (roles.every((role) => known.includes(role))) return;
  const approval = {
    stage: stage.name,
    by: person.by,
    roles: [...new Set([...known, ...roles])],
    at: turn.now,
    planDigest: state.planDigest,
  };
  change(turn, { approvals: [...state.approvals.filter((one) => one !== before), approval] });
  const cause: Cause = { kind: "approval", subject: roles.join(", "), ...callOf(person) };
  record(turn, "approved", cause);
  return cause;
}

/** Takes the stage's approvals back and holds: after a resume they are needed again. */
function reject(turn: Turn, person: Person, command: Of<"reject">): void {
  const { plan, state } = turn;
  const stage = state.phase.kind === "awaiting" ? plan.stages[state.phase.opens] : undefined;
  if (!stage || stage.approvals.length === 0) {
    no(turn, "reject", {
      code: "NO_APPROVAL_NEEDED",
      detail: "reject: nothing waits for approval",
      hint: "pause or roll back instead",
    });
    return;
  }
  const roles = rolesFor(stage, person, command.role);
  if (roles.length === 0) {
    noRole(
      turn,
      "reject",
      person,
      stage.approvals.map((one) => one.role),
    );
    return;
  }
  const cause: Cause = { kind: "rejection", subject: roles.join(", "), ...callOf(person), ...reasonOf(command) };
  change(turn, { approvals: state.approvals.filter((one) => one.stage !== stage.name) });
  pauseFor(turn, cause, { announce: () => record(turn, "rejected", cause) });
}

function tickItems(turn: Turn, person: Person, command: Of<"tick">): void {
  const items = itemsInView(turn.plan, turn.state).map((one) => one.item);
  const open = items.filter((item) => !isTicked(turn.state, item));
  const named = [...items, ...itemsAhead(turn.plan, turn.state)].filter(
    (item) => item.id === command.item || sameText(item.text, command.item),
  );
  // A text that two stages share means the open one first.
  const meant = named.find((item) => !isTicked(turn.state, item)) ?? named[0];
  const all = command.item === "all" ? open.filter((item) => mayTick(person, item)) : [];
  const wanted = meant ? [meant] : all;
  if (wanted.length === 0) {
    const hint =
      open.length === 0
        ? "no item is open now"
        : `open now: ${open.map((item) => JSON.stringify(item.text)).join(", ")}`;
    no(turn, "tick", {
      code: "ITEM_UNKNOWN",
      detail: `tick: ${JSON.stringify(command.item)} is not on the checklist of now`,
      hint,
    });
    return;
  }
  for (const item of wanted) {
    if (isTicked(turn.state, item)) continue;
    if (!mayTick(person, item)) {
      noRole(turn, "tick", person, item.roles);
      return;
    }
    change(turn, { ticks: [...turn.state.ticks, { item: item.id, by: person.by, at: turn.now }] });
    record(turn, "ticked", { kind: "checklist", subject: item.text, ...callOf(person) });
  }
}

/** Skips what remains of the stage. What would be true of a trigger right after is never skipped. */
function promote(turn: Turn, cause: Cause): void {
  const { phase } = turn.state;
  if (phase.kind !== "running" && phase.kind !== "awaiting") return;
  if (turn.isBlind) {
    no(turn, "promote", {
      code: "NOT_ALLOWED_NOW",
      detail: "promote: the server has just come up, and has not asked the metrics yet",
      hint: `wait for the next sampling, within ${turn.plan.intervalMs / 1000} s`,
    });
    return;
  }
  const next = turn.plan.stages[phase.kind === "running" ? phase.stage + 1 : phase.opens];
  const blocked = risingBlocked(turn.plan, turn.state, next, turn.now);
  if (blocked.length > 0) {
    const names = blocked.map((one) =>
      one.kind === "trigger"
        ? `${one.trigger} (${one.condition}, now ${one.value})`
        : one.kind === "alert"
          ? one.alert
          : "",
    );
    no(turn, "promote", {
      code: "TRIGGER_TRUE",
      detail: `promote: the condition of ${names.join(" and of ")} is true`,
      hint: "nothing goes up while a rollback or pause trigger is true: wait, or roll back",
    });
    return;
  }
  record(turn, "promoted", cause);
  promoteStage(turn, phase, cause);
}

/** Index of the stage that an approval given now is for. */
function stageAwaited(turn: Turn): number {
  const { phase, stage } = turn.state;
  return phase.kind === "awaiting" ? phase.opens : (stage ?? -1) + 1;
}

function no(turn: Turn, command: Command["kind"], refusal: { code: RefusalCode; detail: string; hint: string }): void {
  refuse(turn, { command, ...refusal });
}

function noRole(turn: Turn, command: Command["kind"], person: Person, needed: readonly string[]): void {
  const held = person.roles.length === 0 ? "no role" : person.roles.join(", ");
  no(turn, command, {
    code: "ROLE_MISSING",
    detail: `${command}: it takes ${needed.join(" or ")}, and ${person.by} holds ${held}`,
    hint: "ask somebody who holds the role",
  });
}

const mayTick = (person: Person, item: ChecklistItem): boolean =>
  item.roles.length === 0 || item.roles.some((role) => person.roles.includes(role));

const sameText = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

const short = (digest: string): string => digest.slice(0, 12);

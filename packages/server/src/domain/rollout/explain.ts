import { measure } from "@rampart/core";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Plan } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { SHARED_TEXT } from "./comparison-line.ts";
import { waitingCriterion } from "./criterion.ts";
import { missingAgain, missingToBegin, missingToClose, missingToOpen } from "./gate.ts";
import { own } from "./lookup.ts";
import { viewRecovery } from "./rollback.ts";
import { statusOf, type RolloutState, type Status } from "./state.ts";
import { stageInView } from "./turn.ts";
import type { Waiting, WaitingCriterion } from "./waiting.ts";

/** Everything that the rollout waits for now, as of its newest event; empty when it is over. */
export function waitingFor(plan: Plan, state: RolloutState): readonly Waiting[] {
  const { phase, now } = state;
  switch (phase.kind) {
    case "scheduled":
      return [{ kind: "start", at: state.startAt }];
    case "preconditions":
      return [...missingToBegin(plan, state, now), ...missingToOpen(plan, state, 0, now)];
    case "awaiting":
      return [
        ...(phase.pause ? [{ kind: "decision" as const, cause: phase.pause.cause }] : []),
        ...missingToOpen(plan, state, phase.opens, now),
        ...missingAgain(plan, state, phase, now),
      ];
    case "running":
      return [
        ...(phase.pause ? [{ kind: "decision" as const, cause: phase.pause.cause }] : []),
        ...missingToClose(plan, state, phase, now),
      ];
    case "rollingBack":
      return [{ kind: "commit" }];
    case "verifying": {
      const open = viewRecovery(plan, state, phase, now).filter((view) => !view.holds);
      return [{ kind: "recovery", until: phase.until, criteria: open.map(waitingCriterion) }];
    }
    case "rolledBack":
    case "completed":
    case "cancelled":
      return [];
  }
}

/** The same in one sentence for people. */
export function sentence(plan: Plan, state: RolloutState): string {
  const waiting = waitingFor(plan, state);
  const stage = stageInView(plan, state);
  const where = stage ? ` ${stage.name} (${state.percentage} %)` : "";
  const parts = mostTelling(waiting).map((one) => say(plan, state, one));
  const { phase } = state;
  switch (phase.kind) {
    case "rolledBack":
      return `Rolled back by ${phase.cause.kind} ${phase.cause.subject}${why(phase.cause)}; ${RECOVERY[phase.recovery]}.`;
    case "completed":
      return `Completed at ${state.percentage} %.`;
    case "cancelled":
      return "Cancelled before anybody was exposed.";
    case "scheduled":
    case "preconditions":
    case "awaiting":
    case "running":
    case "rollingBack":
    case "verifying":
      return parts.length === 0
        ? `${HEAD[statusOf(state)]}${where}: nothing is missing, it goes on with the next sampling.`
        : `${HEAD[statusOf(state)]}${where}: waits for ${list(parts)}.`;
  }
}

/** What comparing the cohorts says of it. */
function why({ comparison, attribution }: Cause): string {
  if (comparison !== undefined) return ` (${comparison})`;
  return attribution === "shared" ? ` (${SHARED_TEXT})` : "";
}

const RECOVERY = {
  recovered: "recovered",
  notRecovered: "not recovered: look elsewhere",
  unchecked: "nothing was there to see recovery by",
} as const;

const HEAD: { readonly [S in Status]: string } = {
  scheduled: "Scheduled",
  preconditions: "Preconditions",
  awaiting: "Awaiting",
  running: "Running",
  paused: "Paused",
  rollingBack: "Rolling back",
  verifying: "Verifying",
  rolledBack: "Rolled back",
  completed: "Completed",
  cancelled: "Cancelled",
};

/** A metric without data, or that can't be compared, makes its criteria inconclusive: saying it once is enough. */
function mostTelling(waiting: readonly Waiting[]): readonly Waiting[] {
  const silent = waiting.flatMap((one) => (one.kind === "data" || one.kind === "comparison" ? [one.metric] : []));
  return waiting.filter(
    (one) =>
      one.kind !== "criterion" ||
      one.verdict.kind === "pass" ||
      one.verdict.kind === "fail" ||
      !silent.includes(one.metric),
  );
}

function say(plan: Plan, state: RolloutState, waiting: Waiting): string {
  switch (waiting.kind) {
    case "start":
      return `its start in ${timeLeft(waiting.at - state.now)}`;
    case "check":
    case "checklist":
      return `"${waiting.text}" to be ticked${waiting.roles.length > 0 ? ` by ${waiting.roles.join(" or ")}` : ""}`;
    case "drill":
      return `a drill under ${formatDuration(waiting.underMs)} within ${formatDuration(waiting.withinMs)} (${DRILL[waiting.found]})`;
    case "criterion":
      return sayCriterion(plan, waiting);
    case "duration":
      return `${timeLeft(waiting.remainingMs)} more of ${formatDuration(waiting.durationMs)}`;
    case "sample":
      return "a sampling";
    case "approval":
      return `approval of ${waiting.stage} by ${waiting.role}${waiting.needed > 1 ? ` (${waiting.given} of ${waiting.needed})` : ""}`;
    case "window":
      return waiting.opensAt === undefined
        ? `a window for ${waiting.stage} that does not open in the next two weeks`
        : `the window of ${waiting.stage}, which opens in ${timeLeft(waiting.opensAt - state.now)}`;
    case "trigger":
      return `trigger ${waiting.trigger} to be false (${waiting.condition} is true)`;
    case "alert":
      return `alert ${waiting.alert} to be resolved`;
    case "comparison":
      return `a comparison of ${waiting.metric} (${waiting.reason})`;
    case "data":
      return `data of ${waiting.metric} (${waiting.reason})`;
    case "decision":
      return `a person's decision (${waiting.cause.kind} ${waiting.cause.subject}): resume, promote or roll back`;
    case "commit":
      return "the confirmation that the flag is off";
    case "recovery":
      return `${list(waiting.criteria.map((one) => sayCriterion(plan, one)))}, for ${timeLeft(waiting.until - state.now)} at most`;
  }
}

/** In whole seconds, rounded up: a countdown that ends at nothing. */
function timeLeft(ms: number): string {
  return formatDuration(Math.max(0, Math.ceil(ms / 1000) * 1000));
}

const DRILL = {
  none: "there was none",
  tooOld: "the last one is too old",
  tooSlow: "the last one took too long",
} as const;

function sayCriterion(plan: Plan, { criterion, metric, forMs, heldMs, verdict }: WaitingCriterion): string {
  switch (verdict.kind) {
    case "pass":
      return `${criterion} (held for ${formatDuration(heldMs)} of ${formatDuration(forMs)})`;
    case "fail":
      return `${criterion} (now ${measure(verdict.value, own(plan.metrics, metric)?.unit ?? "none")})`;
    case "inconclusive":
    case "error":
      return `${criterion} (${verdict.reason})`;
  }
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

import type { CauseView, JudgedView, WaitingCriterionView, WaitingView } from "@rampart/core";
import { instantOf } from "../../instant.ts";
import type { Cause } from "../cause.ts";
import type { Verdict } from "../verdict.ts";
import type { Waiting, WaitingCriterion } from "../waiting.ts";

/** A cause with its instant as text. */
export function causeView({ since, ...cause }: Cause): CauseView {
  return { ...cause, ...(since !== undefined && { since: instantOf(since) }) };
}

/** A verdict as its name and what it was made of. */
export function verdictView(verdict: Verdict): JudgedView {
  const { kind, ...details } = verdict;
  return { verdict: kind, ...details };
}

/** One thing that a rollout waits for, with its instants as text. */
export function waitingView(waiting: Waiting): WaitingView {
  switch (waiting.kind) {
    case "start":
      return { kind: "start", at: instantOf(waiting.at) };
    case "criterion":
      return waitingCriterionView(waiting);
    case "window": {
      const { opensAt, ...rest } = waiting;
      return { ...rest, ...(opensAt !== undefined && { opensAt: instantOf(opensAt) }) };
    }
    case "data": {
      const { since, ...rest } = waiting;
      return { ...rest, ...(since !== undefined && { since: instantOf(since) }) };
    }
    case "decision":
      return { kind: "decision", cause: causeView(waiting.cause) };
    case "recovery":
      return {
        kind: "recovery",
        until: instantOf(waiting.until),
        criteria: waiting.criteria.map(waitingCriterionView),
      };
    case "check":
    case "drill":
    case "checklist":
    case "duration":
    case "sample":
    case "approval":
    case "trigger":
    case "alert":
    case "comparison":
    case "commit":
      return waiting;
  }
}

function waitingCriterionView({ verdict, ...criterion }: WaitingCriterion): WaitingCriterionView {
  return { ...criterion, ...verdictView(verdict) };
}

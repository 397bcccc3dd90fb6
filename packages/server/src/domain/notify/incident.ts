import type { NotifyEvent } from "../plan/types.ts";

/** What an event does to the one incident that a rollout has in systems that keep incidents; `none`: it is only told. */
export type IncidentAct = "open" | "acknowledge" | "close" | "none";

const ACTS: { readonly [event in NotifyEvent]: IncidentAct } = {
  rollback: "open",
  notRecovered: "open",
  escalation: "open",
  // A plan that sends these to a pager wants somebody called.
  trigger: "open",
  paused: "open",
  noData: "open",
  timeout: "open",
  acknowledged: "acknowledge",
  recovered: "close",
  completed: "close",
  cancelled: "close",
  scheduled: "none",
  started: "none",
  stage: "none",
  stageDone: "none",
  awaiting: "none",
  reminder: "none",
  resumed: "none",
  summary: "none",
  review: "none",
  overdue: "none",
  notice: "none",
};

/** What the event does to the rollout's incident; every event has an answer. */
export function incidentActOf(event: NotifyEvent): IncidentAct {
  return ACTS[event];
}

/** The events that are only told: what opens or ends an incident waits for none of them. */
export const EVENTS_ONLY_TOLD: readonly string[] = Object.entries(ACTS).flatMap(([event, act]) =>
  act === "none" ? [event] : [],
);

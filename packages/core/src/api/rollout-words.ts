/** What the events of a rollout's log are called, in its log, in a simulation and in the console alike. */
export const ROLLOUT_EVENT_WORDS = {
  scheduled: "scheduled",
  started: "started",
  preconditionsMet: "preconditions met",
  awaiting: "waits to open the stage",
  approved: "approved",
  rejected: "rejected",
  approvalsVoided: "approvals void: the plan was edited",
  ticked: "ticked",
  stageStarted: "stage opened",
  stageDone: "stage done",
  promoted: "promoted",
  paused: "paused",
  resumed: "resumed",
  triggerFired: "trigger fired",
  alert: "alert",
  signal: "signal",
  noData: "no data",
  dataBack: "data is back",
  timedOut: "not done in its time",
  rollbackStarted: "rolled back to 0 %",
  verifying: "watching for recovery",
  recovered: "recovered",
  notRecovered: "not recovered: look elsewhere",
  rolledBack: "rollback complete",
  holdbackReleased: "holdback released",
  completed: "completed",
  cancelled: "cancelled",
  reminded: "reminder sent",
  escalated: "escalated",
  acknowledged: "acknowledged",
  reviewed: "reviewed",
  planEdited: "plan edited",
  drillRecorded: "drill recorded",
  refused: "refused",
  crashed: "the server crashed",
} as const satisfies { readonly [event: string]: string };

/** An event in words; one that a newer server knows keeps its own name. */
export function rolloutEventWords(event: string): string {
  return Object.hasOwn(ROLLOUT_EVENT_WORDS, event)
    ? ROLLOUT_EVENT_WORDS[event as keyof typeof ROLLOUT_EVENT_WORDS]
    : event;
}

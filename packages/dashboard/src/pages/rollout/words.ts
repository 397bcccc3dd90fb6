/** What events of a rollout are called; one that only a newer server knows keeps its own name. */
const WORDS: Readonly<Record<string, string>> = {
  scheduled: "Scheduled",
  started: "Started",
  preconditionsMet: "Preconditions met",
  awaiting: "Waits to open the stage",
  approved: "Approved",
  rejected: "Rejected",
  approvalsVoided: "Approvals void: the plan was edited",
  ticked: "Ticked",
  stageStarted: "Stage opened",
  stageDone: "Stage done",
  promoted: "Promoted",
  paused: "Paused",
  resumed: "Resumed",
  triggerFired: "Trigger fired",
  alert: "Alert",
  signal: "Signal",
  noData: "No data",
  dataBack: "Data is back",
  timedOut: "Not done in its time",
  rollbackStarted: "Rolled back to 0 %",
  verifying: "Watching for recovery",
  recovered: "Recovered",
  notRecovered: "Not recovered: look elsewhere",
  rolledBack: "Rollback complete",
  holdbackReleased: "Holdback released",
  completed: "Completed",
  cancelled: "Cancelled",
  reminded: "Reminder sent",
  escalated: "Escalated",
  acknowledged: "Acknowledged",
  reviewed: "Reviewed",
  planEdited: "Plan edited",
  drillRecorded: "Drill recorded",
};

/** An event in words. */
export const eventWord = (event: string): string => WORDS[event] ?? event;

const BAD = new Set(["rollbackStarted", "notRecovered", "rolledBack", "escalated", "verifying"]);
const WARN = new Set([
  "paused",
  "triggerFired",
  "noData",
  "timedOut",
  "alert",
  "awaiting",
  "rejected",
  "approvalsVoided",
]);
const GOOD = new Set([
  "stageStarted",
  "stageDone",
  "completed",
  "recovered",
  "promoted",
  "preconditionsMet",
  "dataBack",
]);

/** How an event is marked in the timeline and on charts. */
export function eventTone(event: string): "good" | "warn" | "bad" | "neutral" {
  if (BAD.has(event)) return "bad";
  if (WARN.has(event)) return "warn";
  return GOOD.has(event) ? "good" : "neutral";
}

import type { NotifyEvent } from "../plan/types.ts";

/** What an event does to the one incident that a rollout has in systems that keep incidents; `none`: it is only told. */
export type IncidentAct = "open" | "acknowledge" | "close" | "none";

export function incidentActOf(event: NotifyEvent): IncidentAct {
  switch (event) {
    case "rollback":
    case "notRecovered":
    case "escalation":
    // A plan that sends these to a pager wants somebody called.
    case "trigger":
    case "paused":
    case "noData":
    case "timeout":
      return "open";
    case "acknowledged":
      return "acknowledge";
    case "recovered":
    case "completed":
    case "cancelled":
      return "close";
    case "scheduled":
    case "started":
    case "stage":
    case "stageDone":
    case "awaiting":
    case "reminder":
    case "resumed":
    case "summary":
    case "review":
    case "overdue":
      return "none";
  }
}

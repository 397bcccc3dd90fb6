/** Everything that happens in a rollout, by its name in the API, and what it is called: in its log, in a simulation and in the console alike. */
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

/** What happened, by name. Names are stable: they are in logs that are kept. */
export type RolloutEventName = keyof typeof ROLLOUT_EVENT_WORDS;

/** An event in words; one that a newer server knows keeps its own name. */
export function rolloutEventWords(event: string): string {
  return Object.hasOwn(ROLLOUT_EVENT_WORDS, event) ? ROLLOUT_EVENT_WORDS[event as RolloutEventName] : event;
}

/** What a cause says of its subject, by its kind; nothing where the event says all there is. */
export const ROLLOUT_CAUSE_WORDS = {
  start: () => "",
  trigger: (name) => `trigger ${name}`,
  criterion: shortened,
  precondition: (text) => `preconditions ${text}`,
  stage: (name) => `${name} is done`,
  approval: (roles) => `approval by ${roles}`,
  rejection: (roles) => `rejection by ${roles}`,
  window: (text) => `window ${text}`,
  checklist: (text) => JSON.stringify(text),
  noData: (metric) => `no data of ${metric}`,
  error: (metric) => `${metric} can't be read`,
  timeout: (stage) => `${stage} is out of time`,
  signal: (name) => name,
  alert: (name) => `alert ${name}`,
  command: (name) => name,
  kill: (flag) => `${flag} was killed by hand`,
  deleted: (flag) => `${flag} was deleted`,
  plan: (digest) => digest.slice(0, 12),
  drill: (took) => took,
  review: (name) => name,
  escalation: (channels) => `to ${channels}`,
  crash: (outage) => `for ${outage}`,
} as const satisfies { readonly [kind: string]: (subject: string) => string };

/** What sort of thing can make something happen. */
export type RolloutCauseKind = keyof typeof ROLLOUT_CAUSE_WORDS;

/** The kind of cause that an event's own words say already: after them the subject is enough. */
const SAID_BY_EVENT: ReadonlyMap<string, string> = new Map([
  ["approved", "approval"],
  ["rejected", "rejection"],
  ["triggerFired", "trigger"],
  ["alert", "alert"],
  ["noData", "noData"],
  ["timedOut", "timeout"],
]);

/** A cause in words, to be said after those of `event`; one of a kind that a newer server knows is said with its kind's name. */
export function rolloutCauseWords(
  { kind, subject }: { readonly kind: string; readonly subject: string },
  event?: string,
): string {
  if (event !== undefined && SAID_BY_EVENT.get(event) === kind) return subject;
  return Object.hasOwn(ROLLOUT_CAUSE_WORDS, kind)
    ? ROLLOUT_CAUSE_WORDS[kind as RolloutCauseKind](subject)
    : `${kind} ${subject}`;
}

/** Criteria as a list, the first two of them. */
function shortened(text: string): string {
  const criteria = text.split("; ");
  return criteria.length <= 3 ? text : `${criteria.slice(0, 2).join("; ")} and ${criteria.length - 2} more criteria`;
}

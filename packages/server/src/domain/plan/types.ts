import type { JsonValue } from "@rampart/core";

/**
 * A plan after parsing: defaults filled in, durations in milliseconds, percent literals as ratios, units converted to the
 * metric's, stages with what they inherit. Parsing happens once (`parsePlan`); everything behind it trusts these types.
 */
export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly change?: Change;
  /** What people should know and the engine doesn't act on. */
  readonly about: PlanAbout;
  readonly labels: { readonly [key: string]: string };
  readonly flag: string;
  readonly environment: string;
  /** Between two samplings; at least 1,000. */
  readonly intervalMs: number;
  readonly window?: Window;
  readonly metrics: { readonly [name: string]: Metric };
  readonly preconditions: readonly Precondition[];
  readonly stages: readonly Stage[];
  readonly rollback: RollbackPlan;
  readonly completion: CompletionPlan;
  readonly notify: readonly NotifyRule[];
  readonly escalation: readonly EscalationStep[];
  /** Reminders for approvals that wait: how often. */
  readonly remindEveryMs: number;
  /** The exposure lease that the flag carries while the rollout manages it; undefined: switched off. */
  readonly leaseMs?: number;
  /** Share kept off while the last stage soaks, 0…100, three decimals; 0: none. */
  readonly holdbackPercentage: number;
  /** What a rollback trigger does while users without the flag fare as badly and no comparison blames the flag. */
  readonly onSharedIncident: "rollback" | "hold";
  readonly noData: NoDataPolicy;
  /** How long data must be missing before `noData` acts. */
  readonly noDataAfterMs: number;
  /** How far back a baseline looks before exposure. */
  readonly baselineWindowMs: number;
  /** Requests a second that the plan's author expects on the flag's path, all users together; for warnings about rules that one error can fire. */
  readonly trafficPerSecond?: number;
  /** Hex SHA-256 of the canonical document; approvals bind to it. */
  readonly digest: string;
}

/** The change record that the plan belongs to. */
export interface Change {
  readonly id?: string;
  readonly type?: string;
  readonly risk?: string;
  readonly impact?: string;
  readonly description?: string;
}

/** Shown with the rollout, part of the digest, never acted upon. */
export interface PlanAbout {
  readonly description?: string;
  readonly owner?: string;
  /** The plan's own version, for people; the digest is what approvals bind to. */
  readonly version?: string;
  readonly contacts: readonly Contact[];
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly risks: readonly Risk[];
  /** What was signed off before the plan was written; not asked again. */
  readonly signoffs: readonly Signoff[];
}

/** Who can be reached how, for the reports. */
export interface Contact {
  readonly role: string;
  /** A telephone number, an address, a channel. */
  readonly contact: string;
  readonly availability?: string;
  readonly responsibility?: string;
}

/** What could go wrong, as the authors judged it; for the reports. */
export interface Risk {
  readonly risk: string;
  readonly probability?: string;
  readonly impact?: string;
  readonly mitigation?: string;
}

/** Who agreed to the plan outside of Rampart; for the reports. */
export interface Signoff {
  readonly item: string;
  readonly by?: string;
  /** `YYYY-MM-DD`. */
  readonly on?: string;
}

/** When a stage may begin: local times of day, `to` after midnight when it is not after `from`. */
export interface Window {
  /** Minutes after local midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA name. */
  readonly timezone: string;
  /** ISO weekdays on which the window opens, 1 = Monday; empty: every day. */
  readonly days: readonly number[];
}

/** What a metric's numbers are: 0…1 (`ratio`) or 0…100 (`percent`), `seconds` or `milliseconds`, a `count`, or anything (`none`). */
export type MetricUnit = "ratio" | "percent" | "seconds" | "milliseconds" | "count" | "none";

/**
 * Text in which `${NAME}` stands for a variable of the server's environment. The plan keeps it as it was written, so that no
 * secret gets into the digest, the evidence or a log; `resolveMetric` fills it in at the edge.
 */
export type Template = string;

/** Something that is measured, by the name that conditions use. */
export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly source: MetricSource;
  /** Fixed baseline in the metric's unit, where the plan gives one. */
  readonly baseline?: number;
  /** A sample older than this is stale and counts as no data. */
  readonly maxAgeMs?: number;
  readonly description?: string;
}

/** Where a metric's samples come from. `signal`: pushed by somebody; the others are asked every interval. */
export type MetricSource =
  /** No `url`: the server's own Prometheus. */
  | {
      readonly kind: "prometheus";
      readonly url?: Template;
      readonly query: string;
      readonly headers: { readonly [name: string]: Template };
    }
  | {
      readonly kind: "http";
      readonly url: Template;
      readonly method: "GET" | "HEAD" | "POST";
      readonly headers: { readonly [name: string]: Template };
      /** What a good answer is. */
      readonly expect: {
        readonly status: readonly number[];
        readonly body?: { readonly pointer: string; readonly equals: JsonValue };
      };
      /** What the sample's value is: 1 or 0 averaged over `windowMs` (`success`), the seconds it took, or the number at a JSON pointer. */
      readonly measure:
        | { readonly kind: "success"; readonly windowMs: number }
        | { readonly kind: "latency" }
        | { readonly kind: "value"; readonly pointer: string };
      /** Between two calls; undefined: one for each sampling. */
      readonly everyMs?: number;
    }
  | { readonly kind: "signal"; readonly signal: string }
  | {
      readonly kind: "sdk";
      readonly measure: "error_rate" | "p50" | "p95" | "p99" | "rate" | "count";
      /** The `track` metric; undefined: what `run` of the plan's flag reports. */
      readonly metric?: string;
      readonly cohort: "on" | "off" | "all";
      readonly windowMs: number;
      /** With fewer events in the window there is no data; 0: any number will do. */
      readonly minEvents: number;
    };

/** A source whose templates were filled in. It holds secrets: it is never stored, logged or sent to a browser. */
export type ResolvedSource = MetricSource & { readonly [resolved]: true };
declare const resolved: unique symbol;

/** How a sample is held against the threshold. */
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** `p95 < 500ms`, `tickets >= baseline + 25%`, in the metric's unit. */
export interface Condition {
  readonly metric: string;
  readonly operator: Comparison;
  readonly threshold: Threshold;
  /** As the plan wrote it, for people. */
  readonly text: string;
}

/** What a sample is held against: a value, or the baseline and what is added to it. */
export type Threshold =
  | { readonly kind: "absolute"; readonly value: number }
  /** baseline × (1 + `by`). */
  | { readonly kind: "relative"; readonly by: number }
  /** baseline + `by`, in the metric's unit. */
  | { readonly kind: "offset"; readonly by: number };

/** Holds when its condition has been true on every sample for `forMs`; the streak outlives a change of stage. */
export interface Criterion {
  /** Unique in the plan; two criteria with the same condition and `forMs` are the same criterion. */
  readonly id: string;
  readonly test:
    | { readonly kind: "condition"; readonly condition: Condition }
    | { readonly kind: "compare"; readonly within: CompareWithin };
  readonly forMs: number;
}

/** `rollback` is the hard stop, `pause` the soft one, `notify` only tells. */
export type TriggerAction = "rollback" | "pause" | "notify";
/** P0 is the worst. Rules for notifying and escalating go by it. */
export type Severity = "P0" | "P1" | "P2" | "P3";

/** What makes a rollout act by itself. */
export interface Trigger {
  /** Unique within a stage; a stage's trigger of the same name replaces the plan's. */
  readonly name: string;
  readonly test:
    | { readonly kind: "condition"; readonly condition: Condition }
    /** Fires on the event itself. */
    | { readonly kind: "signal"; readonly signal: string }
    | { readonly kind: "compare"; readonly compare: CompareWorse };
  /** 0: fires at the first sample. */
  readonly forMs: number;
  readonly action: TriggerAction;
  readonly severity: Severity;
  readonly description?: string;
}

/** The differential trigger: users with the flag fare worse than users without it, at the same instant. */
export interface CompareWorse {
  readonly metric: string;
  /** Tolerated odds or latency ratio, ≥ 1; `25%` is 1.25. */
  readonly worseBy: number;
  /** False alarms over the whole rollout; missing: a share of the rollout's. */
  readonly alpha?: number;
  /** Of the share, against the other comparisons' weights. Default 1. */
  readonly weight?: number;
  /** No alarm before this many users were seen; it only delays. */
  readonly minSamples?: number;
}

/** Enough evidence that users with the flag fare no worse than `within` times as badly. */
export interface CompareWithin {
  readonly metric: string;
  readonly within: number;
  readonly alpha?: number;
}

/** What has to hold before the first stage, all at once. */
export type Precondition =
  | { readonly kind: "check"; readonly item: ChecklistItem }
  | { readonly kind: "criterion"; readonly criterion: Criterion }
  | { readonly kind: "drill"; readonly withinMs: number; readonly underMs: number };

/** Something that a person ticks. */
export interface ChecklistItem {
  /** Slug of the text, unique in the plan. */
  readonly id: string;
  readonly text: string;
  /** Roles that may tick it; empty: any operator. */
  readonly roles: readonly string[];
  /** Due this long after it opens (rollback and completion checklists). */
  readonly withinMs?: number;
  /** A command that a person or a CI job runs for it, shown to be copied. Rampart never runs it. */
  readonly run?: string;
}

/** One step of the ramp. */
export interface Stage {
  readonly name: string;
  readonly description?: string;
  /** 0 < p ≤ 100, three decimals, above the stage before. */
  readonly percentage: number;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  readonly onTimeout: "pause" | "rollback";
  /** With what is inherited. */
  readonly criteria: readonly Criterion[];
  /** What a person ticks, the evidence to attach included. */
  readonly checklist: readonly ChecklistItem[];
  readonly approvals: readonly Approval[];
  /** The plan's, with this stage's replacements. */
  readonly triggers: readonly Trigger[];
  readonly window?: Window;
}

/** `count` distinct people who hold `role`. */
export interface Approval {
  readonly role: string;
  readonly count: number;
}

/** What is looked at and done after a rollback. Without `verify` nothing is watched. */
export interface RollbackPlan {
  readonly verify?: { readonly withinMs: number; readonly criteria: readonly Criterion[] };
  readonly checklist: readonly ChecklistItem[];
}

/** What is left to do when the last stage is done. It holds nothing up: the rollout is completed already. */
export interface CompletionPlan {
  /** Opens at completion; `withinMs` counts from there. */
  readonly checklist: readonly ChecklistItem[];
  readonly reviews: readonly Review[];
}

/** A look back some time after completion: criteria are sampled once, a checklist opens, a `review` notification goes out. */
export interface Review {
  readonly name: string;
  readonly afterMs: number;
  /** `forMs` is 0: judged at the sample taken at that moment. */
  readonly criteria: readonly Criterion[];
  readonly checklist: readonly ChecklistItem[];
}

/** What missing data leads to, after the plan's `noDataAfter`. It never passes, whichever it is. */
export type NoDataPolicy = "hold" | "pause" | "rollback";

/** Moments that notifications are bound to. */
export type NotifyEvent =
  | "scheduled"
  | "started"
  | "stage"
  | "stageDone"
  | "awaiting"
  | "reminder"
  | "paused"
  | "resumed"
  | "trigger"
  | "noData"
  | "timeout"
  | "rollback"
  | "recovered"
  | "notRecovered"
  | "completed"
  | "cancelled"
  | "escalation"
  | "acknowledged"
  | "summary"
  /** A review's time has come. */
  | "review"
  /** A checklist item is past its `within`. */
  | "overdue"
  /** A moment that a rule names (`at`) has come: told to that rule's channels alone, so that no rule is `on` it. */
  | "notice";

/** Who is told of what, or when: by `on`, by `atMs` or by `everyMs`. */
export interface NotifyRule {
  readonly on: readonly NotifyEvent[];
  /** Empty: any. */
  readonly severity: readonly Severity[];
  readonly to: readonly string[];
  /** Only for events of these stages; empty: any. */
  readonly stages: readonly string[];
  /** Moments relative to `from` (`-2h`, `+24h`), in milliseconds; for rules with `at` in place of `on`. */
  readonly atMs: readonly number[];
  /** What `atMs` counts from: the (scheduled) start, or completion. */
  readonly from: "start" | "completed";
  /** A summary this often from the start to the end of the rollout; for rules with `every` in place of `on`. */
  readonly everyMs?: number;
  readonly message?: string;
}

/** Who is called this long after a rollback or a pause, unless somebody has acknowledged it by then. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly to: readonly string[];
  /** Empty: any. */
  readonly severity: readonly Severity[];
  readonly message?: string;
}

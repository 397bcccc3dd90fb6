import type { JsonValue } from "@rampart/core";

/**
 * A plan after parsing: defaults filled in, durations in milliseconds, percent literals as ratios, units converted to the
 * metric's, stages with what they inherit. Parsing happens once (`parsePlan`); everything behind it trusts these types.
 */
export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly change?: { readonly id?: string; readonly risk?: string };
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
  readonly notify: readonly NotifyRule[];
  readonly escalation: readonly EscalationStep[];
  /** Reminders for approvals that wait: how often. */
  readonly remindEveryMs: number;
  /** The exposure lease that the flag carries while the rollout manages it; undefined: switched off. */
  readonly leaseMs?: number;
  /** Share kept off while the last stage soaks, 0…100, three decimals; 0: none. */
  readonly holdbackPercentage: number;
  readonly noData: NoDataPolicy;
  /** How long data must be missing before `noData` acts. */
  readonly noDataAfterMs: number;
  /** How far back a baseline looks before exposure. */
  readonly baselineWindowMs: number;
  /** Hex SHA-256 of the canonical document; approvals bind to it. */
  readonly digest: string;
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

export type MetricUnit = "ratio" | "seconds" | "count" | "none";

export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly source: MetricSource;
  /** Fixed baseline in the metric's unit, where the plan gives one. */
  readonly baseline?: number;
  /** A sample older than this is stale and counts as no data. */
  readonly maxAgeMs?: number;
}

export type MetricSource =
  | { readonly kind: "prometheus"; readonly url?: string; readonly query: string; readonly headers: { readonly [name: string]: string } }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly method: "GET" | "HEAD" | "POST";
      readonly headers: { readonly [name: string]: string };
      /** What a good answer is. */
      readonly expect: { readonly status: readonly number[]; readonly body?: { readonly pointer: string; readonly equals: JsonValue } };
      /** What the sample's value is: 1 or 0 averaged over `windowMs` (`success`), the seconds it took, or the number at a JSON pointer. */
      readonly measure: { readonly kind: "success"; readonly windowMs: number } | { readonly kind: "latency" } | { readonly kind: "value"; readonly pointer: string };
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
    };

export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** `p95 < 500ms`, `tickets >= baseline + 25%`, in the metric's unit. */
export interface Condition {
  readonly metric: string;
  readonly operator: Comparison;
  readonly threshold: Threshold;
  /** As the plan wrote it, for people. */
  readonly text: string;
}

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
  readonly test: { readonly kind: "condition"; readonly condition: Condition } | { readonly kind: "compare"; readonly within: CompareWithin };
  readonly forMs: number;
}

export type TriggerAction = "rollback" | "pause" | "notify";
export type Severity = "P0" | "P1" | "P2" | "P3";

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
}

/** The differential trigger's settings; evaluated by the statistics that a later part brings. */
export interface CompareWorse {
  readonly metric: string;
  /** Tolerated odds or latency ratio, ≥ 1; `25%` is 1.25. */
  readonly worseBy: number;
  readonly alpha?: number;
  readonly weight?: number;
  readonly minSamples?: number;
}

export interface CompareWithin {
  readonly metric: string;
  readonly within: number;
  readonly alpha?: number;
}

export type Precondition =
  | { readonly kind: "check"; readonly item: ChecklistItem }
  | { readonly kind: "criterion"; readonly criterion: Criterion }
  | { readonly kind: "drill"; readonly withinMs: number; readonly underMs: number };

export interface ChecklistItem {
  /** Stable slug of the text. */
  readonly id: string;
  readonly text: string;
  /** Roles that may tick it; empty: any operator. */
  readonly roles: readonly string[];
  /** Due this long after it opens (rollback checklists). */
  readonly withinMs?: number;
}

export interface Stage {
  readonly name: string;
  /** 0 < p ≤ 100, three decimals, above the stage before. */
  readonly percentage: number;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  readonly onTimeout: "pause" | "rollback";
  /** With what is inherited. */
  readonly criteria: readonly Criterion[];
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

export interface RollbackPlan {
  readonly verify?: { readonly withinMs: number; readonly criteria: readonly Criterion[] };
  readonly checklist: readonly ChecklistItem[];
}

export type NoDataPolicy = "hold" | "pause" | "rollback";

/** Moments that notifications are bound to. */
export type NotifyEvent =
  | "scheduled" | "started" | "stage" | "stageDone" | "awaiting" | "reminder" | "paused" | "resumed" | "trigger" | "noData" | "timeout"
  | "rollback" | "recovered" | "notRecovered" | "completed" | "cancelled" | "escalation" | "summary";

export interface NotifyRule {
  readonly on: readonly NotifyEvent[];
  /** Empty: any. */
  readonly severity: readonly Severity[];
  readonly to: readonly string[];
  /** Moments relative to the start (`-2h`, `+24h`), in milliseconds; for rules with `at` in place of `on`. */
  readonly atMs: readonly number[];
  readonly message?: string;
}

export interface EscalationStep {
  readonly afterMs: number;
  readonly to: readonly string[];
}

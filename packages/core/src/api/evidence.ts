import type { ComparisonView } from "./comparisons.ts";
import type { MetricUnitName } from "./metric-unit.ts";
import type { ReceiptsView } from "./receipts.ts";
import type {
  CauseView,
  RolloutEventView,
  RolloutPlanView,
  RolloutSummary,
  VerdictName,
  WaitingView,
} from "./rollouts.ts";
import type { Instant } from "./types.ts";

/** What was kept of the decisions of a rollout. `GET /api/v1/rollouts/:id/evidence`. */
export interface EvidenceView {
  /** When it was put together. */
  readonly madeAt: Instant;
  readonly rollout: RolloutSummary;
  /** As it came, comments included; `${VARS}` are names, and what may be a secret is left out. */
  readonly plan: RolloutPlanView & EvidencePlanView & { readonly text: string };
  /** What became of each stage of the plan, in its order. */
  readonly stages: readonly EvidenceStageView[];
  /** What each metric said, from the first sampling to the last. */
  readonly series: readonly MetricSeriesView[];
  /** Samples before it were dropped when the rollout was long over; missing: all are here. */
  readonly samplesDroppedBefore?: Instant;
  readonly approvals: readonly {
    readonly stage: string;
    readonly by: string;
    readonly roles: readonly string[];
    readonly at: Instant;
    readonly planDigest: string;
  }[];
  readonly ticks: readonly { readonly item: string; readonly by: string; readonly at: Instant }[];
  /** Every item that the plan gives to people, ticked or not. */
  readonly checklist: readonly EvidenceItemView[];
  readonly decisions: readonly EvidenceDecisionView[];
  /** The whole story, the oldest first. */
  readonly events: readonly RolloutEventView[];
  /** Of a rollback: who applied it, and where the time went. */
  readonly rollback?: ReceiptsView;
}

/** What was decided, and everything that it was decided on. */
export interface EvidenceDecisionView {
  readonly at: Instant;
  readonly what: "exposure" | "stageDone" | "rollback" | "recovery" | "completed" | "review";
  readonly stage: string | null;
  readonly planDigest: string;
  readonly criteria: readonly {
    readonly criterion: string;
    readonly verdict: VerdictName;
    readonly value?: number;
    readonly threshold?: number;
    readonly heldMs: number;
    readonly reason?: string;
  }[];
  readonly cause?: CauseView;
  /** The users with and without the flag against each other, over the stage that was open. */
  readonly comparisons?: readonly ComparisonView[];
  /** What was missing when a person promoted. */
  readonly skipped?: readonly WaitingView[];
  /** What the metrics' sources had answered at the sampling before; those that it was decided on come first. */
  readonly answers?: readonly KeptAnswerView[];
}

/** A source's answer to one question, as it was kept. */
export interface KeptAnswerView {
  readonly metric: string;
  readonly askedAt: Instant;
  readonly kind: "value" | "noData" | "error";
  readonly value?: number;
  /** When the value was true, by its source. */
  readonly observedAt?: Instant;
  /** Why there is no value. */
  readonly reason?: string;
  /** The answer, without what may be a secret: numbers and well-known words are kept, the rest is `[…]`. Missing: there was none. */
  readonly answer?: string;
}

/** What a plan says for people. What it does not say is missing. */
export interface EvidencePlanView {
  readonly owner?: string;
  /** The plan's own version, as its author counts. */
  readonly release?: string;
  readonly change?: { readonly id?: string; readonly type?: string; readonly risk?: string; readonly impact?: string };
  readonly labels: { readonly [name: string]: string };
  readonly contacts: readonly { readonly role: string; readonly contact: string }[];
  readonly links: readonly { readonly title: string; readonly url: string }[];
}

/** An item that the plan gives to people, and who ticked it. */
export interface EvidenceItemView {
  readonly text: string;
  readonly of: "precondition" | "stage" | "rollback" | "completion";
  /** The stage's, or the review's. */
  readonly name?: string;
  /** How long after the rollback or the end it is due. */
  readonly withinMs?: number;
  readonly ticked?: { readonly by: string; readonly at: Instant };
}

/** `passed`: closed by its criteria. `promoted`: closed by a person. `stopped`: a rollback came while it was open. */
export type EvidenceStageOutcome = "passed" | "promoted" | "stopped" | "open" | "notReached";

/** What came of one stage: when it was open, and what its metrics said meanwhile. */
export interface EvidenceStageView {
  readonly name: string;
  readonly percentage: number;
  readonly outcome: EvidenceStageOutcome;
  readonly openedAt?: Instant;
  readonly closedAt?: Instant;
  /** Its metrics from its opening to its end: without points. */
  readonly metrics: readonly Omit<MetricSeriesView, "points" | "query">[];
}

/** A metric over a time, in its unit. */
export interface MetricSeriesView {
  readonly metric: string;
  readonly unit: MetricUnitName;
  /** What was asked, without what may be a secret. */
  readonly query: string;
  /** Samples with a value; without; and those whose source failed. */
  readonly samples: number;
  readonly noData: number;
  readonly errors: number;
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  readonly last?: number;
  /** At most 400: where there were more samples, each point stands for several next to each other. */
  readonly points: readonly SeriesPointView[];
}

/** Samples next to each other. With one sample all three are the same. */
export interface SeriesPointView {
  /** Of the first of them. */
  readonly at: Instant;
  readonly samples: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

import type { RolloutStatus } from "./rollouts.ts";
import type { Instant } from "./types.ts";

/** One thing that is wrong with a plan, or worth a second thought. */
export interface PlanProblemView {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** From 1; where the offending text ends on its first line, exclusive. At least `column`. */
  readonly endColumn: number;
  /** JSON pointer of the value; empty for the document. */
  readonly path: string;
  /** The offending value as JSON, cut; undefined where something is missing, or where it could be a secret. */
  readonly value?: string;
  /** What is wrong, with the value. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

/** Answer of `POST /api/v1/plans/validate`, which is 200 whether the plan is valid or not. */
export interface PlanValidation {
  readonly valid: boolean;
  readonly problems: readonly PlanProblemView[];
  /** Only of a valid plan. */
  readonly warnings: readonly PlanProblemView[];
  /** Of a valid plan. */
  readonly plan?: PlanOutline;
}

/** What a plan is about, in short. */
export interface PlanOutline {
  readonly name: string;
  readonly title: string;
  readonly digest: string;
  readonly flag: string;
  readonly environment: string;
  readonly stages: readonly {
    readonly name: string;
    readonly percentage: number;
    readonly durationMs: number;
    readonly approvals: readonly { readonly role: string; readonly count: number }[];
  }[];
  /** The variables of the server's environment that it uses, and whether they are set; never their values. */
  readonly variables: readonly { readonly name: string; readonly isSet: boolean }[];
}

/** A stored revision of a plan. An item of `GET /api/v1/plans`, which lists the newest of each name. */
export interface PlanSummary {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  readonly digest: string;
  readonly flag: string;
  readonly environment: string;
  readonly createdAt: Instant;
  readonly createdBy: string;
}

/** `GET /api/v1/plans/:name` (the newest, or `?version=` or `?digest=`), and the answer of `POST /api/v1/plans`. */
export interface PlanView extends PlanSummary {
  /** The YAML as it came. */
  readonly text: string;
  readonly outline: PlanOutline;
  readonly warnings: readonly PlanProblemView[];
  /** All revisions of the name, the newest first. */
  readonly revisions: readonly {
    readonly version: number;
    readonly digest: string;
    readonly createdAt: Instant;
    readonly createdBy: string;
  }[];
}

/** Answer of `POST /api/v1/plans/simulate` `{plan, scenario}`, both YAML texts. */
export interface SimulationView {
  readonly outcome: RolloutStatus;
  readonly timeline: readonly SimulationEntryView[];
  /** Where it stands at the end, in a sentence. */
  readonly summary: string;
  /** What was taken for granted, and what cut it short. */
  readonly notes: readonly string[];
}

/** One line of a simulation's timeline. */
export interface SimulationEntryView {
  /** ISO 8601 duration from the start. */
  readonly at: string;
  readonly event: string;
  readonly state: RolloutStatus;
  readonly stage: string | null;
  readonly percentage: number;
  /** `{ "trigger": "errors", "value": 0.06 }`; empty when nothing in particular caused it. */
  readonly cause: { readonly [name: string]: string | number };
}

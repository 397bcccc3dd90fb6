import type { LegsView } from "./receipts.ts";
import type { Instant, Page } from "./types.ts";

/** A rehearsed rollback that every client confirmed. An item of `GET /api/v1/drills`; by its rollout's id at `GET /api/v1/drills/:id`. */
export interface DrillView {
  readonly at: Instant;
  readonly environment: string;
  readonly revision: number;
  readonly rollout: string;
  /** From the breach, or the signal that stood for one, to the last client's having applied the rollback. */
  readonly tookMs: number;
  readonly clients: number;
  readonly by: string;
  /** What it may take: 30 s, or what the drilled plan's own settings allow. Missing in drills of before it was kept. */
  readonly withinMs?: number;
  /** The trigger that fired, and on what. */
  readonly trigger?: string;
  readonly condition?: string;
  /** From the breach to the asking for the sample that it was decided on: the interval, and the trigger's `for`. */
  readonly waitMs?: number;
  readonly legs?: LegsView;
}

/** The newest first. */
export type DrillPage = Page<DrillView>;

/** Body of `POST /api/v1/drills`: the revision at which the drill flag was rolled back. */
export interface NewDrill {
  readonly environment: string;
  readonly revision: number;
}

/** Body of `POST /api/v1/drills/plan`: what to rehearse, as a plan's text or a stored plan's name; neither: the default. */
export interface DrillPlanRequest {
  readonly environment: string;
  readonly text?: string;
  readonly name?: string;
}

/** What a drill of it rehearses: `text` is the plan to start a rollout of. */
export interface DrillPlanView {
  readonly text: string;
  readonly trigger: string;
  /** As the plan wrote it. */
  readonly condition: string;
  readonly intervalMs: number;
  readonly forMs: number;
  /** How long it may take: 30 s, or what the plan's own settings allow, if that is more. */
  readonly withinMs: number;
}

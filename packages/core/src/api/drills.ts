import type { Instant, Page } from "./types.ts";

/** A rehearsed rollback that every client confirmed. An item of `GET /api/v1/drills`. */
export interface DrillView {
  readonly at: Instant;
  readonly environment: string;
  readonly revision: number;
  readonly rollout: string;
  /** From the breach, or the signal that stood for one, to the last client's having applied the rollback. */
  readonly tookMs: number;
  readonly clients: number;
  readonly by: string;
}

/** The newest first. */
export type DrillPage = Page<DrillView>;

/** Body of `POST /api/v1/drills`: the revision at which the drill flag was rolled back. */
export interface NewDrill {
  readonly environment: string;
  readonly revision: number;
}

import type { RolloutView } from "@rampart/core";
import type { Canvas } from "../../../output/lines.ts";
import type { Run } from "../../../run.ts";
import { isOver } from "../words.ts";

/** What a rollout is drawn on, and the instant that "5 min ago" is said of. */
export interface RolloutCanvas extends Canvas {
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The server's clock says when now is; that of a rollout that is over stands still, so there this machine's counts. */
export function canvasFor({ style, io }: Run, view: RolloutView): RolloutCanvas {
  const seen = Date.parse(view.now);
  return { style, columns: io.stdout.columns, now: isOver(view.status) ? Math.max(seen, io.now()) : seen };
}

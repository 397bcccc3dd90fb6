/** What is known in one second about one comparison's stage. */
export interface Situation {
  /** A hard stop of the plan holds on the canary. */
  readonly hardStop: boolean;
  /** The same condition holds in control too. */
  readonly controlBreaches: boolean;
  /** Some metric's evidence reaches what it needs. */
  readonly alarm: boolean;
  readonly softStop: boolean;
  readonly distrust: Distrust | undefined;
  readonly onSharedIncident: "rollback" | "hold";
  readonly stageServed: boolean;
  /** Every guardrail is proven below its margin. */
  readonly proven: boolean;
  readonly timedOut: boolean;
}

/** Why a comparison can't be trusted. */
export type Distrust = "mismatch" | "noControl" | "stale";

export type Attribution =
  | { readonly kind: "rollback"; readonly because: "contract" | "flag" | "sharedIncident" }
  | { readonly kind: "pause"; readonly because: "softStop" }
  | { readonly kind: "hold"; readonly because: Distrust | "sharedIncident" | "inconclusive" | "notServed" }
  | { readonly kind: "advance" }
  | { readonly kind: "ask" };

/** The verdict of one second; the first that matches wins. */
export function attribute(_situation: Situation): Attribution {
  throw new Error("not yet");
}

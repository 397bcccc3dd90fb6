/** What the demo's processes say to each other over the IPC channel. */

/** From a service to the demo, ten times a second. */
export interface Report {
  readonly kind: "report";
  /** Since the last report. */
  readonly requests: number;
  readonly on: number;
  readonly failures: number;
  readonly revision: number;
  readonly state: string;
}

/** From a service to the demo, when the SDK has applied a change. */
export interface Applied {
  readonly kind: "applied";
  readonly revision: number;
  /** By the wall clock, which the demo's processes share, epoch milliseconds. */
  readonly at: number;
}

/** From the demo to a service: from now on requests ask for this flag, whose new code is whole. */
export interface Scenery {
  readonly kind: "scenery";
  readonly flag: string;
}

/** Everything that a service says. */
export type FromService = Report | Applied;

/** From the demo to a service: from now on this share of the requests that take the new code fails. */
export interface Fault {
  readonly kind: "fault";
  readonly share: number;
}

/** Everything that a service is told. */
export type ToService = Fault | Scenery;

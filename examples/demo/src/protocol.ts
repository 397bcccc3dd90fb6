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
  /** The machine's monotonic clock, which all processes share, in milliseconds. */
  readonly atMs: number;
}

export type FromService = Report | Applied;

/** From the demo to a service: from now on this share of the requests that take the new code fails. */
export interface Fault {
  readonly kind: "fault";
  readonly share: number;
}

/** The machine's monotonic clock in milliseconds; the same for every process on it, so that differences across processes mean something. */
export function machineClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Calls counted by unit, as columns of one length, the units rising. */
export interface UnitEntries {
  readonly units: Uint16Array;
  /** At least 1. */
  readonly requests: Uint16Array;
  /** At most as many as requests. */
  readonly failures: Uint16Array;
  /** The bin of the first value plus 1; 0: none of the calls had a value. */
  readonly firstBins: Uint8Array;
}

/** Columns for `size` units, to be filled. */
export function unitEntries(size: number): UnitEntries {
  return {
    units: new Uint16Array(size),
    requests: new Uint16Array(size),
    failures: new Uint16Array(size),
    firstBins: new Uint8Array(size),
  };
}

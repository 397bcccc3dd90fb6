export interface Fault {
  readonly fault: string;
  readonly happens: string;
  /** Where no run measures it. */
  readonly within?: string;
  /** Each a file and a part of a title in it. */
  readonly tests: readonly (readonly [file: string, title: string])[];
}

export const FAULTS: readonly Fault[];

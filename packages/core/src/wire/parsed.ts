/** An item that could not be read and was left out, so that the others stay. */
export interface Skipped {
  readonly key: string;
  readonly reason: string;
}

/** What came of reading something from outside. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly skipped: readonly Skipped[] }
  | { readonly ok: false; readonly reason: string };

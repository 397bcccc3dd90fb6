/** One thing that is wrong with a field of something that is to be written. */
export interface FieldProblem {
  /** JSON pointer of the field; empty for the whole. */
  readonly pointer: string;
  /** What is wrong, with the value. */
  readonly detail: string;
  /** What is allowed. */
  readonly hint?: string;
}

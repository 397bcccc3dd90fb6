/** Which of the servers on one database evaluates rollouts: samples metrics, keeps deadlines, sends messages. */
export interface Leadership {
  /** Others may be on the same database: what is in memory may be older than what is stored. */
  readonly isShared: boolean;
  /** What each step that the evaluator takes by itself carries; undefined: this server does not evaluate. */
  evaluating(): { readonly fence?: number } | undefined;
}

/** The only server on its store. */
export const soleServer: Leadership = { isShared: false, evaluating: () => ({}) };

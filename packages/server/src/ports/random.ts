/** Chance, for jitter only: never for secrets. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
}

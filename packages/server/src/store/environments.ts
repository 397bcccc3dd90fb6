/** The environments that a new store has, in the order in which a change travels. */
export const FIRST_ENVIRONMENTS = ["development", "staging", "production"] as const;

/** 64 bits: two histories of one environment never get the same epoch by chance. */
const EPOCH_SIZE_BYTES = 8;

/** A new epoch: 16 hex digits, so that it can stand in `epoch:revision`. */
export function mintEpoch(random: (sizeBytes: number) => Uint8Array): string {
  return Buffer.from(random(EPOCH_SIZE_BYTES)).toString("hex");
}

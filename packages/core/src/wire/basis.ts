import type { Basis } from "./types.ts";

const BASIS = /^(.{1,128}):(\d{1,16})$/;

/** `epoch:revision`. */
export function formatBasis(basis: Basis): string {
  return `${basis.epoch}:${basis.revision}`;
}

/** The inverse of `formatBasis`; undefined for what is none. The last colon divides, so that an epoch may hold some. */
export function parseBasis(text: string): Basis | undefined {
  const [, epoch, digits] = BASIS.exec(text) ?? [];
  const revision = Number(digits);
  return epoch === undefined || !Number.isSafeInteger(revision) ? undefined : { epoch, revision };
}

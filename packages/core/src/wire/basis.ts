import type { Basis } from "./types.ts";

/** `epoch:revision`. */
export function formatBasis(basis: Basis): string {
  return `${basis.epoch}:${basis.revision}`;
}

/** The inverse of `formatBasis`; undefined when the text is none. The epoch may contain colons. */
export function parseBasis(text: string): Basis | undefined {
  const match = /^(.{1,128}):(\d{1,15})$/.exec(text);
  return match === null ? undefined : { epoch: match[1] ?? "", revision: Number(match[2]) };
}

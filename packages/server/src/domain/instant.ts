import type { EpochMs } from "./records.ts";

/** RFC 3339 in UTC with milliseconds. */
export function instantOf(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** A metric that takes longer has no answer in time: two of these fit between a breach and the 30 s bound at the default interval. */
export const QUERY_TIMEOUT_MS = 2000;
/** One number does not need more; a query that returns thousands of series is stopped here. */
export const ANSWER_BYTES_MAX = 1024 * 1024;
/** What is looked at of an answer for the evidence, which keeps a small part of it. */
export const RAW_CHARS_MAX = 32 * 1024;

/** The beginning of an answer, for the evidence. */
export function rawOf(text: string): string {
  return text.length <= RAW_CHARS_MAX ? text : `${text.slice(0, RAW_CHARS_MAX)}…`;
}

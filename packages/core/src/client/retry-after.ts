/**
 * Milliseconds that a `Retry-After` header asks for (seconds or an HTTP date, RFC 9110 section 10.2.3); undefined when it is missing or
 * can't be read. Never negative.
 */
export function retryAfterMs(header: string | undefined, wallNow: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow);
}

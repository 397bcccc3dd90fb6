/** What the system's codes mean to whoever wrote the address. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nobody listens there"],
  ["ECONNRESET", "the connection was cut"],
  ["ENOTFOUND", "no such host name"],
  ["EAI_AGAIN", "the host name can't be looked up now"],
  ["EHOSTUNREACH", "no way to that address"],
]);

/** Why a call did not get through, in words and with the system's code; the code alone where there are none. */
export function networkReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) return "unknown error";
  const words = WORDS.get(code);
  return words === undefined ? code : `${words} (${code})`;
}

/** Characters of the longest flag or segment key. */
export const KEY_LENGTH_MAX = 128;

const KEY = /^[A-Za-z0-9._\-/]{1,128}$/;

/** What a flag's or a segment's key is made of, for messages. */
export const KEY_HINT = "1 to 128 letters, digits and . _ - /";

/** Whether a text can be the key of a flag or a segment. */
export function isKey(text: unknown): text is string {
  return typeof text === "string" && KEY.test(text);
}

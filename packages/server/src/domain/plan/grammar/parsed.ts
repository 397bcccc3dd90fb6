/** What a small grammar makes of a text: its meaning, or what is wrong with it and how the right form looks. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** The text means this. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** The text means nothing: what is wrong with it, and how the right form looks. */
export function refused(message: string, hint: string): Parsed<never> {
  return { ok: false, message, hint };
}

import { isKey, KEY_HINT, KEY_LENGTH_MAX } from "../model/key.ts";
import { show } from "../model/show.ts";

/** A key as it came, or what is wrong with it. */
export type KeyCheck =
  | { readonly ok: true; readonly key: string }
  /** `detail`: which key is wrong and how. `hint`: what is allowed. */
  | { readonly ok: false; readonly detail: string; readonly hint: string };

/** A key of a flag or a segment: 1 to 128 letters, digits and `._-/`; not `.` or `..`, which no URL can name. */
export function checkFlagKey(text: unknown): KeyCheck {
  if (isKey(text) && text !== "." && text !== "..") return { ok: true, key: text };
  return { ok: false, detail: `${show(text)} ${faultOf(text)}`, hint: KEY_HINT };
}

function faultOf(text: unknown): string {
  if (typeof text !== "string") return "is not a text";
  if (text === "") return "is empty";
  if (text.length > KEY_LENGTH_MAX) return `has ${text.length} characters`;
  const wrong = Array.from(text).find((character) => !isKey(character));
  return wrong === undefined ? "would be lost from a URL" : `contains ${nameOf(wrong)}`;
}

/** Control characters and spaces are named by number, as they don't show. */
function nameOf(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `${character} (${code})` : code;
}

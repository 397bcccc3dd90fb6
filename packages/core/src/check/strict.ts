import type { FieldProblem } from "../model/problem.ts";
import { show } from "../model/show.ts";
import { pointerTo } from "../model/json-pointer.ts";
import { isRecord } from "../read/value.ts";

/** One half of a pair that makes up a character: no UTF-8 can hold it, and no canonical JSON. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What readers let pass, for the sake of newer senders, and a write must not: fields that don't exist (a typing error in `negate`
 * would turn a rule round), and texts that can't be stored. `read` is what was made of `given`.
 */
export function checkStrictly(given: unknown, read: unknown, at = ""): readonly FieldProblem[] {
  if (typeof given === "string") return checkText(given, at);
  if (Array.isArray(given) && Array.isArray(read)) {
    return given.flatMap((item, index) => checkStrictly(item, read[index], `${at}/${index}`));
  }
  if (!isRecord(given) || !isRecord(read)) return [];
  return Object.entries(given).flatMap(([name, value]) => {
    const pointer = pointerTo(at, name);
    if (value === undefined) return [];
    if (!Object.hasOwn(read, name)) {
      return [{ pointer, detail: `${show(name)} is not a field here`, hint: Object.keys(read).join(", ") }];
    }
    return [...checkText(name, pointer), ...checkStrictly(value, read[name], pointer)];
  });
}

function checkText(text: string, pointer: string): readonly FieldProblem[] {
  if (!LONE_SURROGATE.test(text)) return [];
  return [{ pointer, detail: `${show(text)} has half of a character in it`, hint: "valid Unicode" }];
}

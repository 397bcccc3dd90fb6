import { parseInstant } from "../clause/date.ts";
import type { Variants } from "../model/flag.ts";
import { isKey, KEY_HINT } from "../model/key.ts";
import type { FieldProblem } from "../model/problem.ts";
import { show } from "../model/show.ts";
import { readFlagType, readVariants } from "../read/flag.ts";
import { pointerTo } from "../model/json-pointer.ts";
import { readItems, readRecord, readText, type Problems } from "../read/value.ts";
import { checkCount, checkDistinct, checkLength } from "./bounds.ts";
import { checkFlagKey } from "./key.ts";
import {
  DESCRIPTION_LENGTH_MAX,
  NAME_LENGTH_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  VARIANTS_JSON_LENGTH_MAX,
  VARIANTS_MAX,
} from "./limits.ts";
import { checkStrictly } from "./strict.ts";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Everything that is wrong with a flag's definition; empty when it can be written. */
export function checkDefinition(definition: unknown): readonly FieldProblem[] {
  const problems: Problems = [];
  const fields = readRecord(definition, "", problems);
  if (fields === undefined) return problems;
  const key = checkFlagKey(fields.key);
  if (!key.ok) problems.push({ pointer: "/key", detail: key.detail, hint: key.hint });
  const type = readFlagType(fields.type, "/type", problems);
  const variants = type === undefined ? undefined : readVariants(fields.variants, type, "/variants", problems);
  if (variants !== undefined) problems.push(...checkVariants(variants));
  problems.push(...checkText(fields.description, DESCRIPTION_LENGTH_MAX, "/description"));
  problems.push(...checkText(fields.owner, NAME_LENGTH_MAX, "/owner"));
  problems.push(...checkTags(fields.tags));
  problems.push(...checkDay(fields.expectedEnd, "/expectedEnd"));
  if (problems.length > 0) return problems;
  // Only what could be read is known to be shallow enough to go through.
  const { description, tags, owner, expectedEnd } = fields;
  return checkStrictly(fields, {
    key: fields.key,
    type,
    description,
    variants: fields.variants,
    tags,
    owner,
    expectedEnd,
  });
}

function checkVariants(variants: Variants): readonly FieldProblem[] {
  const names = Object.keys(variants);
  const unnameable = names.filter((name) => !isKey(name));
  return [
    ...checkCount(names.length, VARIANTS_MAX, "variants", "/variants"),
    ...unnameable.map((name) => ({
      pointer: pointerTo("/variants", name),
      detail: `${show(name)} can't name a variant`,
      hint: KEY_HINT,
    })),
    ...checkLength(JSON.stringify(variants), VARIANTS_JSON_LENGTH_MAX, "/variants"),
  ];
}

function checkTags(tags: unknown): readonly FieldProblem[] {
  const problems: Problems = [];
  const texts = tags === undefined ? [] : readItems(tags, "/tags", problems, readText);
  if (texts === undefined) return problems;
  return [
    ...checkCount(texts.length, TAGS_MAX, "tags", "/tags"),
    ...texts.flatMap((tag, index) => checkLength(tag, TAG_LENGTH_MAX, `/tags/${index}`)),
    ...checkDistinct(texts, "tag", (index) => `/tags/${index}`),
  ];
}

/** A text that may be missing or empty. */
export function checkText(text: unknown, lengthMax: number, pointer: string): readonly FieldProblem[] {
  if (text === undefined || typeof text === "string") return checkLength(text, lengthMax, pointer);
  return [{ pointer, detail: `${show(text)} is not a text` }];
}

function checkDay(day: unknown, pointer: string): readonly FieldProblem[] {
  if (day === undefined || (typeof day === "string" && DAY.test(day) && parseInstant(day) !== undefined)) return [];
  return [{ pointer, detail: `${show(day)} is not a day`, hint: "YYYY-MM-DD, such as 2026-03-31" }];
}

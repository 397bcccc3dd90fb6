import type { FlagConfig, FlagConfigView, Rule, Serve } from "@rampart/core";

/** What the editor changes of a configuration. */
export type Draft = Pick<
  FlagConfig,
  "targets" | "rules" | "fallthrough" | "offVariant" | "clientVisible" | "prerequisites"
>;

/** The editable part of a configuration. */
export function draftOf({ targets, rules, fallthrough, offVariant, clientVisible, prerequisites }: FlagConfig): Draft {
  return { targets, rules, fallthrough, offVariant, clientVisible, prerequisites };
}

/** The fields that differ from what is stored, as the body of a `PATCH`. */
export function changesOf(stored: FlagConfigView, draft: Draft): Partial<Draft> {
  const before = draftOf(stored);
  const names = Object.keys(draft) as (keyof Draft)[];
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(draft[name]))
      .map((name) => [name, draft[name]]),
  );
}

/** A rule that holds for nobody until it is filled in. `id`: not used by another. */
export function emptyRule(rules: readonly Rule[], serve: Serve): Rule {
  const used = new Set(rules.map(({ id }) => id));
  let number = rules.length + 1;
  while (used.has(`rule-${number}`)) number += 1;
  return { id: `rule-${number}`, clauses: [{ attribute: "country", op: "in", values: [], negate: false }], serve };
}

/** `values` with the one at `index` replaced, or taken out when it is undefined. */
export function replaceAt<T>(values: readonly T[], index: number, value: T | undefined): readonly T[] {
  return values.flatMap((old, at) => (at !== index ? [old] : value === undefined ? [] : [value]));
}

/** `values` with the one at `index` moved by `by` places. */
export function moveAt<T>(values: readonly T[], index: number, by: -1 | 1): readonly T[] {
  const other = index + by;
  const [one, two] = [values[index], values[other]];
  if (one === undefined || two === undefined) return values;
  return values.map((value, at) => (at === index ? two : at === other ? one : value));
}

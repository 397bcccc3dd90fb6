import type { FlagConfig, Rule, Serve } from "@rampart/core";

/** What the editor changes of a configuration. */
export type Draft = Pick<
  FlagConfig,
  "targets" | "rules" | "fallthrough" | "offVariant" | "clientVisible" | "prerequisites"
>;

/** The editable part of a configuration. */
export function draftOf({ targets, rules, fallthrough, offVariant, clientVisible, prerequisites }: FlagConfig): Draft {
  return { targets, rules, fallthrough, offVariant, clientVisible, prerequisites };
}

/** The body of a `PATCH`: `targets` is merged id by id, and null takes one out; the other fields are replaced. */
export type Changes = Partial<Omit<Draft, "targets">> & {
  readonly targets?: Readonly<Record<string, string | null>>;
};

/** What has to be sent so that what is stored becomes the draft; fields that are the same, or that the draft doesn't have, are left out. */
export function changesOf(stored: FlagConfig, draft: Partial<Draft>): Changes {
  const before = draftOf(stored);
  const names = (Object.keys(draft) as (keyof Draft)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(draft[name]),
  );
  return Object.fromEntries(
    names.map((name) => [name, name === "targets" ? targetsPatch(before.targets, draft.targets ?? {}) : draft[name]]),
  );
}

function targetsPatch(before: Draft["targets"], after: Draft["targets"]): Readonly<Record<string, string | null>> {
  const gone = Object.keys(before).filter((id) => !Object.hasOwn(after, id));
  const changed = Object.entries(after).filter(([id, variant]) => !Object.hasOwn(before, id) || before[id] !== variant);
  return Object.fromEntries([...changed, ...gone.map((id) => [id, null] as const)]);
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

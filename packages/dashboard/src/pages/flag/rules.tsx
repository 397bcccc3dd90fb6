import type { Clause, Operator, Rule, Serve } from "@rampart/core";
import { useTyped } from "../../ui/typed.ts";
import { emptyRule, moveAt, replaceAt } from "./draft.ts";
import { ServeField } from "./serve-field.tsx";
import { textOf, valuesOf } from "./values.ts";
import { OPERATORS } from "./words.ts";

export interface RulesProps {
  readonly rules: readonly Rule[];
  readonly variants: readonly string[];
  readonly isBoolean: boolean;
  readonly onChange: (rules: readonly Rule[]) => void;
}

/** The rules in their order: the first that matches decides. */
export function Rules({ rules, variants, isBoolean, onChange }: RulesProps) {
  const first: Serve = { variant: variants[0] ?? "on" };
  return (
    <div class="stack">
      {rules.length === 0 ? <p class="soft">No rules. The first rule that matches a user would decide.</p> : null}
      <ol class="stack">
        {rules.map((rule, index) => (
          <RuleEditor
            key={rule.id}
            rule={rule}
            number={index + 1}
            variants={variants}
            isBoolean={isBoolean}
            onChange={(changed) => onChange(replaceAt(rules, index, changed))}
            onMove={(by) => onChange(moveAt(rules, index, by))}
          />
        ))}
      </ol>
      <button type="button" class="button button-small" onClick={() => onChange([...rules, emptyRule(rules, first)])}>
        Add a rule
      </button>
    </div>
  );
}

interface RuleEditorProps {
  readonly rule: Rule;
  readonly number: number;
  readonly variants: readonly string[];
  readonly isBoolean: boolean;
  readonly onChange: (rule: Rule | undefined) => void;
  readonly onMove: (by: -1 | 1) => void;
}

function RuleEditor({ rule, number, variants, isBoolean, onChange, onMove }: RuleEditorProps) {
  const label = `Rule ${number}`;
  const change = (clauses: readonly Clause[]): void => onChange({ ...rule, clauses });
  return (
    <li class="rule">
      <fieldset class="stack-tight">
        <legend class="row-between">
          <strong>{label}</strong> <code class="soft">{rule.id}</code>
        </legend>
        {rule.clauses.map((clause, index) => (
          <ClauseEditor
            key={index}
            label={`${label}, condition ${index + 1}`}
            clause={clause}
            onChange={(changed) => change(replaceAt(rule.clauses, index, changed))}
          />
        ))}
        <div class="row-between">
          <ServeField
            label={label}
            serve={rule.serve}
            variants={variants}
            isBoolean={isBoolean}
            onChange={(serve) => onChange({ ...rule, serve })}
          />
          <span class="row">
            <button
              type="button"
              class="button button-small"
              onClick={() => change([...rule.clauses, { attribute: "", op: "equals", values: [], negate: false }])}
            >
              And…
            </button>
            <button
              type="button"
              class="button button-small"
              aria-label={`Move ${label} up`}
              onClick={() => onMove(-1)}
            >
              ↑
            </button>
            <button
              type="button"
              class="button button-small"
              aria-label={`Move ${label} down`}
              onClick={() => onMove(1)}
            >
              ↓
            </button>
            <button
              type="button"
              class="button button-small"
              aria-label={`Remove ${label}`}
              onClick={() => onChange(undefined)}
            >
              Remove
            </button>
          </span>
        </div>
      </fieldset>
    </li>
  );
}

/** One test of a user, also for segments. */
export function ClauseEditor({
  label,
  clause,
  onChange,
}: {
  readonly label: string;
  readonly clause: Clause;
  readonly onChange: (clause: Clause | undefined) => void;
}) {
  const isSegment = clause.op === "inSegment";
  const values = useTyped(textOf(clause.values), (text) => onChange({ ...clause, values: valuesOf(text) }));
  return (
    <div class="clause">
      <select
        class="input"
        aria-label={`${label}: negated`}
        value={clause.negate ? "not" : ""}
        onChange={(event) => onChange({ ...clause, negate: event.currentTarget.value === "not" })}
      >
        <option value="">if</option>
        <option value="not">if not</option>
      </select>
      {isSegment ? (
        <span>the user</span>
      ) : (
        <input
          class="input"
          value={clause.attribute}
          placeholder="attribute"
          aria-label={`${label}: attribute`}
          onInput={(event) => onChange({ ...clause, attribute: event.currentTarget.value })}
        />
      )}
      <select
        class="input"
        aria-label={`${label}: comparison`}
        value={clause.op}
        onChange={(event) => onChange(withOperator(clause, event.currentTarget.value as Operator))}
      >
        {OPERATORS.map(([op, word]) => (
          <option key={op} value={op}>
            {word}
          </option>
        ))}
      </select>
      <input
        class="input"
        {...values}
        placeholder={isSegment ? "key of the segment" : "values, with commas"}
        aria-label={`${label}: values`}
      />
      <button
        type="button"
        class="button button-small"
        aria-label={`Remove ${label}`}
        onClick={() => onChange(undefined)}
      >
        ×
      </button>
    </div>
  );
}

function withOperator(clause: Clause, op: Operator): Clause {
  if (op === "inSegment") return { ...clause, op, attribute: "targetingKey" };
  return { ...clause, op, ...(clause.op === "inSegment" ? { attribute: "" } : {}) };
}

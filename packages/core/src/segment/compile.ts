import type { Attributes } from "../clause/attribute.ts";
import { allOf, compileAttributeClause, type Test } from "../clause/compile.ts";
import type { LinearRegex } from "../clause/regex.ts";
import type { Clause, Segment } from "../model/flag.ts";
import { show } from "../model/show.ts";
import type { WireSegment } from "../wire/types.ts";

/** A segment as it is held for evaluation: ids in sets, shared by every flag that refers to it. */
export class CompiledSegment {
  readonly key: string;
  readonly revision: number;
  readonly rules: Segment["rules"];
  readonly #included: ReadonlySet<string>;
  /** Undefined: nobody is, which spares everybody a look. */
  readonly #excluded: ReadonlySet<string> | undefined;
  readonly #tests: readonly Test[];

  constructor(segment: WireSegment, regex: LinearRegex | undefined) {
    this.key = segment.key;
    this.revision = segment.revision;
    this.rules = segment.rules;
    this.#included = new Set(segment.included);
    this.#excluded = segment.excluded.length === 0 ? undefined : new Set(segment.excluded);
    this.#tests = segment.rules.map((rule) =>
      allOf(rule.clauses.map((clause) => compileAttributeClause(clause, regex))),
    );
  }

  /** Excluded beats included, which beats the rules. Nobody without an id is in or out by id. */
  has(id: string, attributes: Attributes): boolean {
    if (id !== "") {
      if (this.#excluded?.has(id) === true) return false;
      if (this.#included.has(id)) return true;
    }
    for (const test of this.#tests) if (test(id, attributes)) return true;
    return false;
  }

  /** As it came, for a snapshot of the whole. */
  toWire(): WireSegment {
    return {
      key: this.key,
      revision: this.revision,
      included: [...this.#included],
      excluded: [...(this.#excluded ?? [])],
      rules: this.rules,
    };
  }
}

/**
 * A segment's place, whether or not there is one under that key now: clauses hold the place, so that a segment can change, come
 * and go without the flags being compiled again.
 */
export interface SegmentSlot {
  current: CompiledSegment | undefined;
}

/**
 * Compiles `inSegment`. It reads no attribute; what it can miss is a segment. Of an unknown one nobody knows who is in it, so
 * nobody is, and nobody is provably outside of it either.
 */
export function compileSegmentClause(clause: Clause, slotOf: (key: string) => SegmentSlot): Test {
  const slots = clause.values.map((key) => slotOf(typeof key === "string" ? key : show(key)));
  if (clause.negate) return (id, attributes) => isOutsideOfAll(slots, id, attributes);
  const [only] = slots;
  if (only !== undefined && slots.length === 1) return (id, attributes) => only.current?.has(id, attributes) === true;
  return (id, attributes) => {
    for (const slot of slots) if (slot.current?.has(id, attributes) === true) return true;
    return false;
  };
}

function isOutsideOfAll(slots: readonly SegmentSlot[], id: string, attributes: Attributes): boolean {
  for (const slot of slots) if (slot.current === undefined || slot.current.has(id, attributes)) return false;
  return true;
}

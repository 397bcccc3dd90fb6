import { murmur3, type Clause, type Segment } from "@rampart/core";
import { ID } from "./attribute.ts";
import type { ConvertedSegment } from "./types.ts";

/** When a condition holds: for everybody, for nobody, or where all clauses hold. */
export type Held =
  | { readonly kind: "always" }
  | { readonly kind: "never" }
  | { readonly kind: "clauses"; readonly clauses: readonly Clause[] };

/** All of them. */
export function allOf(parts: readonly Held[]): Held {
  if (parts.some(({ kind }) => kind === "never")) return { kind: "never" };
  const clauses = parts.flatMap((part): readonly Clause[] => (part.kind === "clauses" ? part.clauses : []));
  return clauses.length === 0 ? { kind: "always" } : { kind: "clauses", clauses };
}

/** A clause that asks whether a user is in a segment, or outside of it. */
export function segmentClause(key: string, negate: boolean): Clause {
  return { attribute: ID, op: "inSegment", values: [key], negate };
}

/**
 * Segments that stand for the opposite of clauses. A negated clause does not hold for whoever lacks the attribute, and the opposite does: who is
 * outside of a segment is the one question that needs no attribute.
 */
export class Opposites {
  readonly #segments = new Map<string, ConvertedSegment>();

  /** A clause that holds for whomever none of `rules` is for. The segment's key tells what it holds, so that the next import finds it. */
  clause(rules: Segment["rules"], path: string): Clause {
    const content = JSON.stringify(rules);
    const { attribute = "" } = rules[0]?.clauses[0] ?? {};
    const name = attribute === ID ? "id" : attribute.replaceAll(/[^\w.-]/g, "_").slice(0, 60);
    const key = `not-${name}-${murmur3(content, 0).toString(16).padStart(8, "0")}`;
    const description = `Whom an inverted condition on ${attribute === ID ? "the id" : attribute} keeps out`;
    // By content: two of one key would be found out as twins.
    this.#segments.set(content, {
      key,
      path,
      whole: { key, description, included: [], excluded: [], rules },
      findings: [],
    });
    return segmentClause(key, true);
  }

  /** All that were needed. */
  list(): readonly ConvertedSegment[] {
    return [...this.#segments.values()];
  }
}

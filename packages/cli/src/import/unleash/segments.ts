import { checkFlagKey, murmur3, type Clause, type JsonObject, type JsonValue, type Segment } from "@rampart/core";
import { ID } from "../attribute.ts";
import { lose } from "../findings.ts";
import { isList, recordOr, textOf } from "../json.ts";
import type { ConvertedSegment, Findings } from "../types.ts";
import { constraintOf, type Constraint, type Held } from "./constraint.ts";

/** Collects the segments that rules here need: those of the file, and the complements of inverted constraints. */
export class SegmentBook {
  readonly #segments = new Map<string, ConvertedSegment>();
  readonly #uses = new Map<JsonValue, { readonly held: Held | undefined; readonly name: string }>();

  /** Takes in a segment of the file: all its constraints must hold. */
  add(source: JsonObject, path: string): void {
    const { id = null, constraints } = source;
    const mark = typeof id === "number" || typeof id === "string" ? id : "unnamed";
    const given = textOf(source["name"]) ?? "";
    const key = checkFlagKey(given).ok ? given : `segment-${mark}`;
    const findings: Findings = [];
    if (!isList(constraints)) {
      const advice = "import what SDKs get (/api/client/features), which holds the constraints";
      lose(findings, {
        path,
        value: given,
        reason: "the file holds the segment's name and not its constraints",
        advice,
      });
    }
    const read = (isList(constraints) ? constraints : []).map((each, index) =>
      constraintOf(recordOr(each), `${path}/constraints/${index}`, findings),
    );
    const straight = read.filter((each) => each !== undefined && !each.isInverted);
    const clauses = straight.flatMap((each) => (each?.held.kind === "clauses" ? each.held.clauses : []));
    const isEmpty = straight.some((each) => each?.held.kind === "never");
    const isLost = findings.some(({ kind }) => kind === "lost");
    const segment: Segment = {
      key,
      description: textOf(source["description"]) ?? given,
      included: [],
      excluded: [],
      rules: [{ clauses }],
    };
    if (isLost || (clauses.length > 0 && !isEmpty))
      this.#segments.set(`${key} ${mark}`, { key, path, whole: isLost ? undefined : segment, findings });
    const own: readonly Held[] = isEmpty ? [{ kind: "never" }] : clauses.length > 0 ? [inSegment(key, false)] : [];
    const inverted = isLost ? [] : read.flatMap((each) => (each?.isInverted === true ? this.heldBy(each, path) : []));
    this.#uses.set(id, { held: isLost ? undefined : allOf([...own, ...inverted]), name: key });
  }

  /** When a user is in a segment of the file; undefined after saying that it is lost. */
  use(id: JsonValue, path: string, findings: Findings): Held | undefined {
    const use = this.#uses.get(id);
    if (use?.held !== undefined) return use.held;
    const reason =
      use === undefined ? "the segment is not in the file" : `the segment ${use.name} could not be carried over`;
    return lose(findings, { path, value: id, reason, advice: "see to the segment first" });
  }

  /**
   * When a constraint holds. An inverted one also holds for whoever lacks the attribute, which no clause does here: who is outside of a
   * segment is the one question that needs no attribute.
   */
  heldBy({ held, isInverted, doubtful }: Constraint, path: string): Held {
    if (!isInverted) return held;
    if (held.kind !== "clauses") return { kind: held.kind === "never" ? "always" : "never" };
    const rules = [held.clauses, ...doubtful].map((clauses) => ({ clauses }));
    const [first] = held.clauses;
    const mark = murmur3(JSON.stringify(rules), 0).toString(16).padStart(8, "0");
    const name = first?.attribute === ID ? "id" : (first?.attribute.replaceAll(/[^\w.-]/g, "_").slice(0, 60) ?? "");
    const key = `not-${name}-${mark}`;
    const description = `Whom an inverted constraint on ${first?.attribute === ID ? "the id" : first?.attribute} keeps out`;
    const segment: Segment = { key, description, included: [], excluded: [], rules };
    const known = this.#segments.get(key);
    if (known === undefined || JSON.stringify(known.whole) === JSON.stringify(segment))
      this.#segments.set(key, { key, path, whole: segment, findings: [] });
    else this.#segments.set(`${key} ${JSON.stringify(rules)}`, { key, path, whole: segment, findings: [] });
    return inSegment(key, true);
  }

  /** Everything that was collected. */
  list(): readonly ConvertedSegment[] {
    return [...this.#segments.values()];
  }
}

/** All of them. */
export function allOf(parts: readonly Held[]): Held {
  if (parts.some(({ kind }) => kind === "never")) return { kind: "never" };
  const clauses = parts.flatMap((part): readonly Clause[] => (part.kind === "clauses" ? part.clauses : []));
  return clauses.length === 0 ? { kind: "always" } : { kind: "clauses", clauses };
}

function inSegment(key: string, negate: boolean): Held {
  return { kind: "clauses", clauses: [{ attribute: ID, op: "inSegment", values: [key], negate }] };
}

import { checkFlagKey, type JsonObject, type JsonValue, type Segment } from "@rampart/core";
import { lose } from "../findings.ts";
import { allOf, Opposites, segmentClause, type Held } from "../held.ts";
import { isList, recordOr, textOf } from "../json.ts";
import type { ConvertedSegment, Findings } from "../types.ts";
import { constraintOf, type Constraint } from "./constraint.ts";

/** Collects the segments that rules here need: those of the file, and the complements of inverted constraints. */
export class SegmentBook {
  readonly #opposites = new Opposites();
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
    const own: readonly Held[] = isEmpty
      ? [{ kind: "never" }]
      : clauses.length > 0
        ? [{ kind: "clauses", clauses: [segmentClause(key, false)] }]
        : [];
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

  /** When a constraint holds; an inverted one also holds for whoever lacks the attribute. */
  heldBy({ held, isInverted, doubtful }: Constraint, path: string): Held {
    if (!isInverted) return held;
    if (held.kind !== "clauses") return { kind: held.kind === "never" ? "always" : "never" };
    const rules = [held.clauses, ...doubtful].map((clauses) => ({ clauses }));
    return { kind: "clauses", clauses: [this.#opposites.clause(rules, path)] };
  }

  /** Everything that was collected. */
  list(): readonly ConvertedSegment[] {
    return [...this.#segments.values(), ...this.#opposites.list()];
  }
}

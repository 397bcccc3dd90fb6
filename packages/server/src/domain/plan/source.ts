import { pointerOf, type JsonObject, type JsonValue } from "@rampart/core";
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { inOneGo, type Pieces } from "../pieces.ts";
import { PROBLEMS_MAX, shown, type Path, type PlanProblem } from "./problem.ts";
import { PLAN_DEPTH_MAX, composeYaml, explain, withoutCascade } from "./yaml.ts";

/** A plan is a page; a megabyte is an attack or the wrong file. */
export const PLAN_BYTES_MAX = 1024 * 1024;

/** After aliases are expanded: a list of a billion laughs stops here. The largest real plan has about 2,000. */
export const PLAN_NODES_MAX = 20_000;
/** A YAML text as JSON, with the places that its values came from. */
export interface PlanSource {
  /** Null-prototype objects, so that no key is special. */
  readonly json: JsonValue;
  /** A problem at the value (or its key) that `path` leads to, else at the nearest thing around it. */
  locate(path: Path, at: "key" | "value"): Place;
}

/** Where something stands in the text, counted from 1; `endColumn` is the one behind its last character on that line. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** `read`: values with their places, and mistakes that leave them readable. `unreadable`: not YAML, or too much of it. */
export type ReadSource =
  | { readonly kind: "read"; readonly source: PlanSource; readonly problems: readonly PlanProblem[] }
  | { readonly kind: "unreadable"; readonly problems: readonly PlanProblem[] };

/** Reads YAML 1.2. What can't be read at all is told at once, and nothing else: the rest would be guesses. */
export function readSource(text: string): ReadSource {
  return inOneGo(readingSource(text));
}

/** As `readSource`, piece by piece. */
export function* readingSource(text: string): Pieces<ReadSource> {
  const start = { line: 1, column: 1, endColumn: 1, path: "" };
  if (new TextEncoder().encode(text).length > PLAN_BYTES_MAX) {
    return unreadable({
      ...start,
      message: "the plan is larger than 1 MiB",
      hint: "is this the right file? A plan is a page or two of YAML",
    });
  }
  const spot = spotter(text);
  const composed = yield* composeYaml(text);
  if (composed.kind === "refused")
    return unreadable({ ...spot(composed.offset, composed.offset), path: "", ...composed.what });
  const { document } = composed;
  const failures = withoutCascade([...document.errors, ...document.warnings]).slice(0, PROBLEMS_MAX);
  if (failures.length > 0) {
    return {
      kind: "unreadable",
      problems: failures.map((error) => ({ ...spot(...error.pos), path: "", ...explain(error) })),
    };
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return unreadable({
      ...start,
      message: "the plan is empty",
      hint: "start from one of the plans in examples/plans, or see docs/plan.md",
    });
  }
  yield;
  const walk = new Walk(spot);
  const json = walk.value(document.contents, []);
  if (walk.exhausted !== undefined) return unreadable({ ...start, ...walk.exhausted });
  return { kind: "read", source: { json, locate: (path, at) => walk.locate(path, at) }, problems: walk.problems };
}

function unreadable(problem: PlanProblem): ReadSource {
  return { kind: "unreadable", problems: [problem] };
}

type Spot = (start: number, end: number) => Place;

/**
 * Places by the line ends that editors count. The library's own counter loses some of them where a block scalar is cut short, and a problem would stand
 * where there is no text.
 */
function spotter(text: string): Spot {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return (start, end) => {
    const from = Math.min(Math.max(0, start), text.length);
    const line = lastAtMost(starts, from);
    const newline = text.indexOf("\n", from);
    const to = Math.min(end, newline === -1 ? text.length : newline);
    const column = from - (starts[line] ?? 0) + 1;
    return { line: line + 1, column, endColumn: Math.max(column, column + (to - from)) };
  };
}

/** Index of the last of the ascending numbers that is not above `limit`; the first one never is. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let low = 0;
  for (let high = ascending.length; high - low > 1;) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= limit) low = middle;
    else high = middle;
  }
  return low;
}

interface Places {
  readonly key: Place | undefined;
  readonly value: Place;
}

/** One pass over the nodes, with budgets: makes JSON, remembers places, expands aliases. */
class Walk {
  readonly problems: PlanProblem[] = [];
  exhausted: { readonly message: string; readonly hint: string } | undefined;
  readonly #spot: Spot;
  readonly #places = new Map<string, Places>();
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(spot: Spot) {
    this.#spot = spot;
  }

  value(node: unknown, path: Path, key?: Place): JsonValue {
    this.#nodes++;
    if (this.#nodes > PLAN_NODES_MAX)
      this.exhausted = {
        message: `the plan holds more than ${PLAN_NODES_MAX.toLocaleString("en-US")} values`,
        hint: "aliases count each time they are used",
      };
    if (path.length > PLAN_DEPTH_MAX)
      this.exhausted = {
        message: `the plan nests deeper than ${PLAN_DEPTH_MAX} levels`,
        hint: "an alias that holds itself never ends",
      };
    if (this.exhausted !== undefined) return null;
    if (isAlias(node)) return this.#alias(node.source, node, path, key);
    const place = placeOfNode(node, this.#spot) ?? key ?? { line: 1, column: 1, endColumn: 1 };
    this.#places.set(pointerOf(path), { key, value: place });
    if (isScalar(node)) {
      this.#anchor(node.anchor, node);
      return this.#scalar(node.value, path);
    }
    if (isSeq(node)) {
      this.#anchor(node.anchor, node);
      return node.items.map((item, index) => this.value(item, [...path, index]));
    }
    if (isMap(node)) {
      this.#anchor(node.anchor, node);
      return this.#map(node.items, path);
    }
    return null;
  }

  locate(path: Path, at: "key" | "value"): Place {
    for (let length = path.length; length >= 0; length--) {
      const found = this.#places.get(pointerOf(path.slice(0, length)));
      if (!found) continue;
      // Of something missing, point at the name of what it is missing from.
      const wanted = length === path.length ? at : "key";
      return wanted === "key" ? (found.key ?? found.value) : found.value;
    }
    return { line: 1, column: 1, endColumn: 1 };
  }

  #anchor(name: string | undefined, node: Node): void {
    if (name !== undefined) this.#anchors.set(name, node);
  }

  #alias(name: string, node: Node, path: Path, key: Place | undefined): JsonValue {
    const target = this.#anchors.get(name);
    if (target !== undefined) return this.value(target, path, key);
    const place = placeOfNode(node, this.#spot) ?? key;
    if (place)
      this.#problem(place, path, {
        message: `*${name.slice(0, 40)} stands for nothing`,
        hint: `an alias needs an anchor before it (&${name.slice(0, 40)}); quote text that begins with *`,
      });
    return null;
  }

  #scalar(value: unknown, path: Path): JsonValue {
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number") {
      if (Number.isFinite(value)) return value;
      this.#problem(this.locate(path, "value"), path, {
        message: `${String(value)} is not a number that can be compared`,
        hint: "write a finite number",
      });
      return 0;
    }
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    this.#wellFormed(text, this.locate(path, "value"), path);
    return text;
  }

  /** Half of a character has no UTF-8, and so no digest. */
  #wellFormed(text: string, place: Place, path: Path): void {
    if (!/\p{Surrogate}/u.test(text)) return;
    this.#problem(place, path, {
      message: "the text holds half of a character (a lone surrogate)",
      hint: "write the character itself in place of its \\u escape",
    });
  }

  #map(pairs: readonly Pair[], path: Path): JsonObject {
    const object: { [key: string]: JsonValue } = Object.create(null);
    const lines = new Map<string, number>();
    for (const pair of pairs) {
      const place = placeOfNode(pair.key, this.#spot) ?? this.locate(path, "value");
      const name = nameOf(pair.key);
      if (name === undefined || name === "") {
        this.#problem(place, path, {
          message: "a field has no name, or one that is not text",
          hint: "a field is a name, a colon, a space and a value; quote text that begins with ? or :",
        });
        continue;
      }
      const first = lines.get(name);
      if (first !== undefined) {
        this.#problem(place, [...path, name], {
          message: `${shown(name)} is given twice (first at line ${first})`,
          hint: "keep one of the two",
        });
        continue;
      }
      lines.set(name, place.line);
      this.#wellFormed(name, place, [...path, name]);
      object[name] = this.value(pair.value, [...path, name], place);
    }
    return object;
  }

  #problem(place: Place, path: Path, what: { readonly message: string; readonly hint: string }): void {
    this.problems.push({ ...place, path: pointerOf(path), ...what });
  }
}

function nameOf(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? JSON.stringify(key.value));
}

function placeOfNode(node: unknown, spot: Spot): Place | undefined {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
  return node.range ? spot(node.range[0], node.range[1]) : undefined;
}

import type { LinearRegex } from "../clause/regex.ts";
import { CompiledFlag, FlagCompiler } from "../evaluation/flag.ts";
import { unmeetableFlags } from "../evaluation/prerequisites.ts";
import { CompiledSegment, type SegmentSlot } from "../segment/compile.ts";
import type { Delta, Snapshot } from "../wire/types.ts";
import { measuredFlags } from "../measure/measured-flags.ts";
import { dependentsOf } from "./dependents.ts";
import { digestOver, type Digest } from "./digest.ts";

/** What is to be put in and taken out; the removed come first. */
type Change = Pick<Delta, "flags" | "segments" | "removedFlags" | "removedSegments">;

/** Compiled flags and segments. Each change compiles before it touches anything, and answers with the flags that it concerns. */
export class Content {
  readonly regex: LinearRegex | undefined;
  readonly #flags = new Map<string, CompiledFlag>();
  readonly #slots = new Map<string, SegmentSlot>();
  /** Follows the items once somebody has asked for it; before, it would be a quarter of a start, by code that is not warm yet. */
  #digest: Digest | undefined;
  #unmeetable: ReadonlySet<string> = new Set();
  #measured: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(regex: LinearRegex | undefined) {
    this.regex = regex;
  }

  get flags(): ReadonlyMap<string, CompiledFlag> {
    return this.#flags;
  }

  /** See `unmeetableFlags`. */
  get unmeetable(): ReadonlySet<string> {
    return this.#unmeetable;
  }

  /** See `measuredFlags`. */
  get measured(): ReadonlyMap<string, readonly string[]> {
    return this.#measured;
  }

  get digest(): string {
    this.#digest ??= digestOver(this.#flags.values(), this.segments());
    return this.#digest.toString();
  }

  segments(): readonly CompiledSegment[] {
    return [...this.#slots.values()].flatMap((slot) => slot.current ?? []);
  }

  /** Becomes a snapshot of another history: nothing that is held counts. */
  reset(snapshot: Snapshot): readonly string[] {
    const removedFlags = [...this.#flags.keys()];
    const removedSegments = this.segments().map((segment) => segment.key);
    return this.change({ flags: snapshot.flags, segments: snapshot.segments, removedFlags, removedSegments });
  }

  /** Becomes a snapshot of the same history, in which equal revisions are equal, and an older state beats none at all. */
  update(snapshot: Snapshot): readonly string[] {
    const flagKeys = new Set([...snapshot.flags.map((flag) => flag.key), ...(snapshot.unreadable?.flags ?? [])]);
    const segmentKeys = new Set([
      ...snapshot.segments.map((segment) => segment.key),
      ...(snapshot.unreadable?.segments ?? []),
    ]);
    return this.change({
      flags: snapshot.flags.filter((flag) => this.#flags.get(flag.key)?.revision !== flag.revision),
      segments: snapshot.segments.filter(
        (segment) => this.#slots.get(segment.key)?.current?.revision !== segment.revision,
      ),
      removedFlags: [...this.#flags.keys()].filter((key) => !flagKeys.has(key)),
      removedSegments: [...this.#slots.keys()].filter((key) => !segmentKeys.has(key)),
    });
  }

  /** Puts in and takes out. Returns the keys of the flags that may answer differently now. */
  change({ flags, segments, removedFlags, removedSegments }: Change): readonly string[] {
    const compiler = new FlagCompiler(this.regex, (key) => this.#slot(key));
    const compiledFlags = flags.map((flag) => new CompiledFlag(flag, compiler));
    const compiledSegments = segments.map((segment) => new CompiledSegment(segment, this.regex));
    for (const key of removedFlags) this.#setFlag(key, undefined);
    for (const flag of compiledFlags) this.#setFlag(flag.key, flag);
    for (const key of removedSegments) this.#setSegment(key, undefined);
    for (const segment of compiledSegments) this.#setSegment(segment.key, segment);
    this.#unmeetable = unmeetableFlags(this.#flags);
    this.#measured = measuredFlags(this.#flags);
    const changedFlags = [...flags.map((flag) => flag.key), ...removedFlags];
    const changedSegments = [...segments.map((segment) => segment.key), ...removedSegments];
    return dependentsOf(changedFlags, changedSegments, this.#flags);
  }

  #setFlag(key: string, flag: CompiledFlag | undefined): void {
    const held = this.#flags.get(key);
    if (held !== undefined) this.#digest?.remove("flag", held);
    if (flag === undefined) {
      this.#flags.delete(key);
      return;
    }
    this.#flags.set(key, flag);
    this.#digest?.add("flag", flag);
  }

  #setSegment(key: string, segment: CompiledSegment | undefined): void {
    const slot = this.#slot(key);
    if (slot.current !== undefined) this.#digest?.remove("segment", slot.current);
    slot.current = segment;
    if (segment !== undefined) this.#digest?.add("segment", segment);
  }

  #slot(key: string): SegmentSlot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot: SegmentSlot = { current: undefined };
    this.#slots.set(key, slot);
    return slot;
  }
}

import type { JsonValue } from "@rampart/core";
import type { Parsed } from "./grammar/parsed.ts";
import { parseDuration } from "./grammar/duration.ts";
import type { Path } from "./problem.ts";
import type { Finding } from "./structure.ts";

type KeyOf<T> = T extends string | number | boolean | null | undefined | readonly unknown[]
  ? never
  : T extends object
    ? keyof T & string
    : never;
type At<T, K> = T extends string | number | boolean | null | undefined | readonly unknown[]
  ? never
  : K extends keyof T
    ? T[K]
    : never;
type Item<T> = T extends readonly (infer E)[] ? E : never;
type Single<T> = T extends readonly unknown[] ? never : T;
type Entry<T> = T extends { readonly [key: string]: infer V } ? V : never;

/**
 * A place in a document of type `T` that may not be what it should: the shape has been checked elsewhere, so whatever has the
 * wrong type reads as missing, and one mistake hides no other. `T` only keeps the field names honest.
 */
export class Reader<T> {
  readonly path: Path;
  readonly value: JsonValue | undefined;
  readonly #report: (finding: Finding) => void;

  constructor(value: JsonValue | undefined, path: Path, report: (finding: Finding) => void) {
    this.value = value;
    this.path = path;
    this.#report = report;
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get<K extends KeyOf<NonNullable<T>>>(key: K): Reader<NonNullable<At<NonNullable<T>, K>>> {
    const { value } = this;
    const isMapping = value !== null && typeof value === "object" && !Array.isArray(value);
    const inner =
      isMapping && Object.hasOwn(value, key) ? (value as { readonly [name: string]: JsonValue })[key] : undefined;
    return new Reader(inner, [...this.path, key], this.#report);
  }

  /** Elements of a list; none when it is missing. */
  items(): readonly Reader<Item<NonNullable<T>>>[] {
    return Array.isArray(this.value)
      ? (this.value as readonly JsonValue[]).map((item, index) => new Reader(item, [...this.path, index], this.#report))
      : [];
  }

  /** Elements of a list, or the one thing that stands in its place. */
  many(): readonly Reader<Item<NonNullable<T>> | Single<NonNullable<T>>>[] {
    if (Array.isArray(this.value)) return this.items();
    return this.exists ? [new Reader(this.value, this.path, this.#report)] : [];
  }

  entries(): readonly (readonly [string, Reader<Entry<NonNullable<T>>>])[] {
    const { value } = this;
    if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
    return Object.entries(value as { readonly [name: string]: JsonValue }).map(([key, inner]) => [
      key,
      new Reader(inner, [...this.path, key], this.#report),
    ]);
  }

  /** The text that stands here; undefined when it is missing or something else. */
  text(): string | undefined {
    return typeof this.value === "string" ? this.value : undefined;
  }

  number(): number | undefined {
    return typeof this.value === "number" ? this.value : undefined;
  }

  boolean(): boolean | undefined {
    return typeof this.value === "boolean" ? this.value : undefined;
  }

  isMapping(): boolean {
    return this.value !== null && typeof this.value === "object" && !Array.isArray(this.value);
  }

  /** Texts of a list or of the one text in its place. */
  texts(): readonly string[] {
    return this.many().flatMap((one) => one.text() ?? []);
  }

  /** One of some words. What is none of them was told by the structure. */
  choice<const W extends string>(words: readonly W[]): W | undefined {
    const text = this.text();
    return words.find((word) => word === text);
  }

  /** Reads a text with a grammar; reports what it refuses. */
  read<V>(grammar: (text: string) => Parsed<V>): V | undefined {
    const text = this.text();
    return text === undefined ? undefined : this.take(grammar(text));
  }

  /** The meaning of something parsed; reports what was refused. */
  take<V>(result: Parsed<V>): V | undefined {
    if (result.ok) return result.value;
    this.problem(result.message, result.hint);
    return undefined;
  }

  /** Whole milliseconds; undefined when missing or wrong. */
  duration(): number | undefined {
    return this.read(parseDuration);
  }

  problem(message: string, hint: string, at: "key" | "value" = "value"): void {
    this.#report({ path: this.path, at, value: this.value, message, hint });
  }
}

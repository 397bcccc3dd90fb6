import type { WireFlag } from "@rampart/core";
import type { EnvironmentChanges, EnvironmentContent } from "../ports/store.ts";
import { encodeSegment, encodeWireFlag } from "@rampart/core";

/**
 * An environment's items as the JSON texts that make up its snapshot. A change re-encodes only what changed, so a flip costs the same
 * in an environment of ten flags and of ten thousand.
 */
export class EncodedContent {
  readonly #flags = new Map<string, string>();
  readonly #segments = new Map<string, string>();

  replace(content: EnvironmentContent): void {
    this.#flags.clear();
    this.#segments.clear();
    this.#put(content);
  }

  apply(changes: EnvironmentChanges): void {
    for (const key of changes.removedFlags) this.#flags.delete(key);
    for (const key of changes.removedSegments) this.#segments.delete(key);
    this.#put(changes);
  }

  /** Sends another form of flags from now on. */
  overrule(flags: readonly WireFlag[]): void {
    this.#put({ flags, segments: [] });
  }

  /** The JSON of a `Snapshot`. */
  snapshotJson(head: {
    readonly environment: string;
    readonly epoch: string;
    readonly revision: number;
    readonly digest: string;
    readonly off?: readonly string[];
  }): string {
    const fields = JSON.stringify(head).slice(1, -1);
    return `{${fields},"flags":[${[...this.#flags.values()].join(",")}],"segments":[${[...this.#segments.values()].join(",")}]}`;
  }

  #put(items: { readonly flags: readonly WireFlag[]; readonly segments: EnvironmentContent["segments"] }): void {
    for (const flag of items.flags) this.#flags.set(flag.key, JSON.stringify(encodeWireFlag(flag)));
    for (const segment of items.segments)
      this.#segments.set(segment.key, JSON.stringify(encodeSegment(segment, segment.revision)));
  }
}

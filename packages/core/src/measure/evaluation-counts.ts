import { KEY_MISSING } from "../evaluation/decide.ts";
import type { CompiledFlag } from "../evaluation/flag.ts";
import { isKey } from "../model/key.ts";

/** Flags and outcomes in one report: some 200 kB with the longest keys. What is beyond goes with the next. */
export const EVALUATIONS_MAX = 2_000;

/** Keys that no flag has, between two reports. A program that makes up keys would fill every report with them. */
export const UNKNOWN_KEYS_MAX = 20;

/** How often a flag gave a variant between two reports; null: the caller's default, as there was nothing else to give. */
export type EvaluationCount = readonly [flag: string, variant: string | null, count: number];

/** Evaluations between two reports. */
export interface EvaluationsReport {
  readonly counts: readonly EvaluationCount[];
  /** Evaluations that are not in the counts, or in a report that was lost. */
  readonly dropped: number;
}

/** What is counted of one flag at a place one above its variant's, so that `KEY_MISSING` has one too. */
const PLACE = 1;

/**
 * Counts how often each flag is asked for, and what it gives. The numbers are kept in the compiled flags, where an evaluation finds
 * them without looking; here is only which flags have any. A flag that was replaced meanwhile is in the list twice.
 */
export class EvaluationCounts {
  readonly #onFirst: () => void;
  #flags: CompiledFlag[] = [];
  readonly #unknown = new Map<string, number>();
  #dropped = 0;

  /** `onFirst`: before something is counted that was not since the last report. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  get isEmpty(): boolean {
    return this.#flags.length === 0 && this.#unknown.size === 0 && this.#dropped === 0;
  }

  /** Counts the first evaluation of a flag since the last report. */
  begin(flag: CompiledFlag, variant: number): void {
    this.#onFirst();
    flag.asked = [0, ...flag.variants.names.map(() => 0)];
    this.#flags.push(flag);
    countAsked(flag.asked, variant);
  }

  /** Somebody asked for a flag that there is not. What can't be a flag's key may be anything, and is not repeated. */
  unknown(key: unknown): void {
    this.#onFirst();
    const count = isKey(key) ? (this.#unknown.get(key) ?? 0) : undefined;
    if (count === undefined || (count === 0 && this.#unknown.size >= UNKNOWN_KEYS_MAX)) this.#dropped += 1;
    else this.#unknown.set(key as string, count + 1);
  }

  /** Takes out what was counted, the longest waiting first. */
  take(): EvaluationsReport {
    const counts: EvaluationCount[] = [...this.#unknown].map(([key, count]) => [key, null, count]);
    let taken = 0;
    for (const flag of this.#flags) {
      const more = countsOf(flag);
      if (counts.length + more.length > EVALUATIONS_MAX) break;
      counts.push(...more);
      flag.asked = undefined;
      taken += 1;
    }
    const dropped = this.#dropped;
    this.#flags = this.#flags.slice(taken);
    this.#unknown.clear();
    this.#dropped = 0;
    return { counts, dropped };
  }

  /** A report did not arrive: all that was in it counts as dropped. */
  lost({ counts, dropped }: EvaluationsReport): void {
    this.#dropped += counts.reduce((sum, [, , count]) => sum + count, dropped);
  }
}

/** Counts one more evaluation that gave the variant, an index or `KEY_MISSING`. */
export function countAsked(asked: number[], variant: number): void {
  const place = variant + PLACE;
  asked[place] = (asked[place] ?? 0) + 1;
}

function countsOf({ key, variants, asked = [] }: CompiledFlag): readonly EvaluationCount[] {
  return asked.flatMap((count, place): EvaluationCount[] => {
    if (count === 0) return [];
    return [[key, place === KEY_MISSING + PLACE ? null : (variants.names[place - PLACE] ?? null), count]];
  });
}

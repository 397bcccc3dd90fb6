import type { EpochMs } from "../rollout/instant.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";
import type { Sample } from "../rollout/sample.ts";

/** What a metric said from an instant on, until the next change. */
export interface PastChange {
  readonly at: EpochMs;
  readonly sample: Sample;
}

/** By metric: what it said at each instant of a grid, the earliest first; samplings that said the same as the one before are left out. */
export type History = Dictionary<readonly PastChange[]>;

/** Samplings from `from` to `to`, both included, every `everyMs`. */
export interface Grid {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly everyMs: number;
}

/** How many samplings a grid has. */
export function samplingsOf({ from, to, everyMs }: Grid): number {
  return to < from ? 0 : Math.floor((to - from) / everyMs) + 1;
}

/** Leaves out what says the same as the sample before. */
export function changesOf(samples: Iterable<PastChange>): readonly PastChange[] {
  const changes: PastChange[] = [];
  for (const one of samples) {
    const last = changes.at(-1);
    if (last === undefined || !isSame(last.sample, one.sample)) changes.push(one);
  }
  return changes;
}

/** A metric's changes that are of a grid: the last one before it, and those in it. */
export function changesOn(
  history: History,
  metric: string,
  { from, to }: Pick<Grid, "from" | "to">,
): readonly PastChange[] {
  const changes = own(history, metric) ?? [];
  return changes.slice(Math.max(0, indexAt(changes, from)), indexAt(changes, to) + 1);
}

/** The mean of a metric's samples on a grid; undefined: there is none. */
export function meanOver(history: History, metric: string, { from, to, everyMs }: Grid): number | undefined {
  const changes = own(history, metric) ?? [];
  let sum = 0;
  let count = 0;
  let index = indexAt(changes, from);
  for (let at = from; at <= to; at += everyMs) {
    while ((changes[index + 1]?.at ?? Infinity) <= at) index++;
    const sample = changes[index]?.sample;
    if (sample?.kind !== "value") continue;
    sum += sample.value;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

/** Index of the last change at or before `at`; -1: there is none. */
function indexAt(changes: readonly PastChange[], at: EpochMs): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function isSame(a: Sample, b: Sample): boolean {
  if (a.kind === "value") return b.kind === "value" && a.value === b.value && a.ageMs === b.ageMs;
  return b.kind === a.kind && a.reason === b.reason;
}

import type { Comparison } from "../rollout/comparison.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";

/** Whether a look says something that a rollout has to know at once, and not only as a point of its chart. */
export function isNews(told: Dictionary<Comparison> | undefined, now: Dictionary<Comparison>): boolean {
  return Object.entries(now).some(([metric, comparison]) => {
    const before = told && own(told, metric);
    return before === undefined || signature(before) !== signature(comparison);
  });
}

function signature({ standing, epoch, tests, proofs }: Comparison): string {
  const ringing = Object.entries(tests).flatMap(([key, { isAlarm }]) => (isAlarm ? [key] : []));
  const proven = Object.entries(proofs).flatMap(([id, { isProven }]) => (isProven ? [id] : []));
  return JSON.stringify([standing.kind, epoch, ringing, proven]);
}

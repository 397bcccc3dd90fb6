import type { FastVerdict } from "../compare/failures.ts";
import type { TestResult } from "../rollout/comparison.ts";

/** Evidence beyond this is kept as this: JSON knows no infinity, and nobody needs more. */
const LOG_EVIDENCE_MAX = 600;

/** A sequential test's verdict as plain numbers. */
export function fastResult({ logEvidence, logNeeded, alarm }: FastVerdict): TestResult {
  const evidence = Math.exp(Math.min(logEvidence, LOG_EVIDENCE_MAX));
  return { evidence, needed: Math.exp(logNeeded), isAlarm: alarm, layer: "fast" };
}

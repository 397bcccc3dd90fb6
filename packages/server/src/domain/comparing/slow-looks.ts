import { lookAtSeconds, noHarm, slowHarm, type Arms, type NoHarm, type SlowHarm } from "../compare/slow.ts";
import type { ProofResult, TestResult } from "../rollout/comparison.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Dictionary } from "../rollout/lookup.ts";
import type { MeasuredMetric } from "./tests-of.ts";
import { valuesArms, type ValuesSide } from "./values-side.ts";
import type { ComparedSums } from "./window.ts";

/** What the rare looks at sums said, at one percentage. Plain JSON. */
export interface SlowLooks {
  /** Taken so far. */
  readonly looks: number;
  /** By `testKey`. */
  readonly harms: Dictionary<SlowHarm>;
  /** By the criterion's id. */
  readonly proofs: Dictionary<ProofResult>;
}

interface Looking {
  readonly since: EpochMs;
  readonly values: ValuesSide;
  readonly slow: SlowLooks;
}

interface Sources {
  readonly measured: MeasuredMetric;
  readonly sums: () => ComparedSums | undefined;
  readonly now: EpochMs;
}

/** Takes the next look when its time has come. */
export function slowLooksAfter({ since, values, slow }: Looking, { measured, sums, now }: Sources): SlowLooks {
  const look = slow.looks + 1;
  const { metrics } = measured;
  if (now - since < lookAtSeconds(look) * 1000) return withWaiting(slow, metrics, lookAtSeconds(look));
  const wanted = metrics.some(({ of }) => of === "failures") ? sums() : undefined;
  const arms = { failures: wanted && armsOf(wanted), values: valuesArms(values) };
  const harms: { [key: string]: SlowHarm } = {};
  const proofs: { [id: string]: ProofResult } = {};
  for (const { of, tests, proofs: asked } of metrics) {
    const two = arms[of];
    for (const { key, slowAlpha } of tests)
      if (two && slowAlpha > 0) harms[key] = slowHarm(two, { alpha: slowAlpha, look });
    for (const { id, alpha, within } of asked) {
      const found: NoHarm = two ? noHarm(two, { alpha, look, margin: within.within }) : { kind: "tooFew" };
      proofs[id] = proofOf(found, lookAtSeconds(look + 1));
    }
  }
  return { looks: look, harms, proofs };
}

/** Before the first look a proof can't be there, which is worth saying. */
function withWaiting(slow: SlowLooks, metrics: MeasuredMetric["metrics"], nextSeconds: number): SlowLooks {
  if (slow.looks > 0) return slow;
  const reason = `the first verdict comes ${formatDuration(nextSeconds * 1000)} after the percentage was set`;
  const proofs = metrics.flatMap((metric) => metric.proofs.map(({ id }) => [id, { isProven: false, reason }]));
  return { ...slow, proofs: Object.fromEntries(proofs) };
}

function proofOf(found: NoHarm, nextSeconds: number): ProofResult {
  const next = `the next look is ${formatDuration(nextSeconds * 1000)} after the percentage was set`;
  switch (found.kind) {
    case "tooFew":
      return { isProven: false, reason: `fewer than 100 users in a cohort; ${next}` };
    case "noFailures":
      return { isProven: false, reason: `no failures in a cohort, so nothing bounds their ratio; ${next}` };
    case "looked":
      return {
        isProven: found.proven,
        upper: found.upper,
        reason: found.proven
          ? "harm beyond the margin is ruled out"
          : `harm beyond the margin is not ruled out yet; ${next}`,
      };
  }
}

/** A test's result, unless the sums ring and it doesn't: then theirs. */
export function withSlow(fast: TestResult, slow: SlowHarm | undefined): TestResult {
  if (fast.isAlarm || slow?.kind !== "looked" || !slow.alarm) return fast;
  return { evidence: slow.z, needed: slow.needed, isAlarm: true, layer: "slow" };
}

function armsOf({ onEnd, offStart, requests, failures }: ComparedSums): Arms {
  return {
    on: { requests: requests.subarray(0, onEnd), failures: failures.subarray(0, onEnd) },
    off: { requests: requests.subarray(offStart), failures: failures.subarray(offStart) },
  };
}

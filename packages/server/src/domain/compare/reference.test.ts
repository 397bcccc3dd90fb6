/** Beside an implementation that shares nothing with this one: see `reference/reference.py`. */
import { readFileSync } from "node:fs";
import { VALUE_BINS } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { epochWeight } from "./epochs.ts";
import {
  failuresVerdict,
  failuresWindow,
  nextFailuresEpoch,
  startFailures,
  type FailuresSettings,
} from "./failures.ts";
import { latencyModel, latencyVerdict, latencyWindow, startLatency } from "./latency.ts";
import { mismatchLogEvidence } from "./mismatch.ts";
import { upperQuantile } from "./normal.ts";
import { lookQuantile, noHarm, slowHarm, type Arms } from "./slow.ts";
import { tiltsOf } from "./tilts.ts";

interface Mark {
  readonly after: number;
  readonly epoch: number;
  readonly logEvidence: number;
  readonly logNeeded: number;
  readonly alarm: boolean;
}

interface Cases {
  readonly epochWeights: readonly (readonly [index: number, planned: number, weight: number])[];
  readonly failures: readonly {
    readonly name: string;
    readonly share: number;
    readonly settings: FailuresSettings;
    readonly windows: readonly (readonly [on: number, off: number, seenOn: number, seenOff: number])[];
    readonly changes: readonly (readonly [before: number, share: number])[];
    readonly expected: readonly (Mark & { readonly window: number })[];
  }[];
  readonly tilts: { readonly reference: readonly number[]; readonly psi: readonly (readonly number[])[] };
  readonly latency: readonly {
    readonly name: string;
    readonly share: number;
    readonly tolerated: number;
    readonly plannedEpochs: number;
    readonly reference: readonly number[];
    readonly windows: readonly (readonly [on: readonly number[], off: readonly number[]])[];
    readonly expected: readonly Mark[];
  }[];
  readonly mismatch: readonly {
    readonly on: number;
    readonly off: number;
    readonly share: number;
    readonly logEvidence: number;
  }[];
  readonly quantiles: readonly (readonly [tail: number, z: number])[];
  readonly slow: readonly (Arms & {
    readonly name: string;
    readonly alpha: number;
    readonly look: number;
    readonly needed: number;
    readonly z: number;
    readonly ratio: number;
    readonly upper: number;
  })[];
}

const cases = JSON.parse(readFileSync(new URL("reference/cases.json", import.meta.url), "utf8")) as Cases;

/** Agreement to a part in 10^10, of small numbers to 10^−10. */
function expectClose(actual: number, wanted: number): void {
  expect(Math.abs(actual - wanted), `${actual} is not ${wanted}`).toBeLessThanOrEqual(
    1e-10 * Math.max(1, Math.abs(wanted)),
  );
}

it.each(cases.epochWeights)("epoch %i of %i planned may spend %f", (index, planned, weight) => {
  expectClose(epochWeight(index, planned), weight);
});

describe("the coin test", () => {
  it.each(cases.failures)("agrees on $name", ({ share, settings, windows, changes, expected }) => {
    const shares = new Map(changes);
    const marks = new Map(expected.map((mark) => [mark.after, mark]));
    let state = startFailures(settings, share);
    for (const [index, [on, off, seenOn, seenOff]] of windows.entries()) {
      const changed = shares.get(index);
      if (changed !== undefined) state = nextFailuresEpoch(state, changed);
      state = failuresWindow(state, { failed: { on, off }, seen: { on: seenOn, off: seenOff } });
      const mark = marks.get(index + 1);
      if (mark === undefined) continue;
      const verdict = failuresVerdict(state);
      expect([state.epoch, state.mixture.window, verdict.alarm]).toEqual([mark.epoch, mark.window, mark.alarm]);
      expectClose(verdict.logEvidence, mark.logEvidence);
      expectClose(verdict.logNeeded, mark.logNeeded);
    }
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

/** Any place on the whole scale will do: the comparison puts its bins where the reference's median is. */
const PLACE = 50;

function onScale(compared: readonly number[]): Uint32Array {
  const scale = new Uint32Array(VALUE_BINS);
  for (const [bin, count] of compared.entries()) scale[PLACE + bin] = count;
  return scale;
}

function countsOf(bins: readonly number[]): Uint32Array {
  const scale = new Uint32Array(VALUE_BINS);
  for (const bin of bins) scale[PLACE + bin] = (scale[PLACE + bin] ?? 0) + 1;
  return scale;
}

describe("the test of values", () => {
  it("bets on the same tilts", () => {
    const tilts = tiltsOf(cases.tilts.reference);
    for (const [s, psi] of cases.tilts.psi.entries())
      for (const [bin, wanted] of psi.entries()) expectClose(tilts[s]?.[bin] ?? Number.NaN, wanted);
    expect(tilts.length).toBe(cases.tilts.psi.length);
  });

  it.each(cases.latency)("agrees on $name", ({ share, tolerated, plannedEpochs, reference, windows, expected }) => {
    const model = latencyModel({ alpha: 0.004, tolerated, plannedEpochs, reference: onScale(reference) });
    const place = reference.some((count) => count > 0) ? PLACE : model.firstBin;
    const marks = new Map(expected.map((mark) => [mark.after, mark]));
    let state = startLatency(share);
    for (const [index, [on, off]] of windows.entries()) {
      const shift = (bins: readonly number[]) => countsOf(bins.map((bin) => bin + place - PLACE));
      state = latencyWindow(model, state, { values: { on: shift(on), off: shift(off) } });
      const mark = marks.get(index + 1);
      if (mark === undefined) continue;
      const verdict = latencyVerdict(model, state);
      expect([state.epoch, verdict.alarm]).toEqual([mark.epoch, mark.alarm]);
      expectClose(verdict.logEvidence, mark.logEvidence);
      expectClose(verdict.logNeeded, mark.logNeeded);
    }
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

it.each(cases.mismatch)("weighs $on on and $off off at a share of $share as the definition does", (one) => {
  expectClose(mismatchLogEvidence(one, one.share), one.logEvidence);
});

it.each(cases.quantiles)("the normal value with %d above it is %d", (tail, z) => {
  expectClose(upperQuantile(tail), z);
});

describe("the sums of both cohorts", () => {
  it.each(cases.slow)("agree on $name", ({ on, off, alpha, look, needed, z, ratio, upper }) => {
    expectClose(lookQuantile({ alpha, look }), needed);
    const harm = slowHarm({ on, off }, { alpha, look });
    const safe = noHarm({ on, off }, { alpha, look, margin: 2 });
    if (harm.kind !== "looked" || safe.kind !== "looked") throw new Error("there are enough users");
    expectClose(harm.z, z);
    expect(harm.alarm).toBe(z >= needed);
    expectClose(safe.ratio, ratio);
    expectClose(safe.upper, upper);
    expect(safe.proven).toBe(upper < 2);
  });
});

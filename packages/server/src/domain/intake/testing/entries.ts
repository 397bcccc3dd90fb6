import { unitEntries, type UnitEntries, UNITS } from "@rampart/core";
import * as fc from "fast-check";

export interface UnitCalls {
  readonly unit: number;
  readonly requests?: number;
  readonly failures?: number;
  readonly bin?: number;
}

/** A report's units. */
export function entriesOf(...calls: readonly UnitCalls[]): UnitEntries {
  const entries = unitEntries(calls.length);
  for (const [place, { unit, requests = 1, failures = 0, bin }] of calls
    .toSorted((a, b) => a.unit - b.unit)
    .entries()) {
    entries.units[place] = unit;
    entries.requests[place] = requests;
    entries.failures[place] = failures;
    entries.firstBins[place] = bin === undefined ? 0 : bin + 1;
  }
  return entries;
}

/** Units of both sides of small percentages, often the same ones. */
const aUnit = fc.oneof(fc.nat(40), fc.integer({ min: UNITS - 20, max: UNITS - 1 }));

/** Any report's units. */
export const someEntries: fc.Arbitrary<UnitEntries> = fc
  .uniqueArray(
    fc
      .record({
        unit: aUnit,
        requests: fc.integer({ min: 1, max: 5 }),
        failures: fc.nat(5),
        bin: fc.option(fc.nat(254), { nil: undefined }),
      })
      .map(({ bin, failures, requests, unit }) => ({
        unit,
        requests,
        failures: Math.min(failures, requests),
        ...(bin === undefined ? {} : { bin }),
      })),
    { selector: ({ unit }) => unit, maxLength: 12 },
  )
  .map((calls) => entriesOf(...calls));

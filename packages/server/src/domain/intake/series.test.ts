import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSeries, encodeSeries, newSeries } from "./series.ts";
import { entriesOf } from "./testing/entries.ts";

describe("a series as bytes", () => {
  const series = newSeries(5_000);
  series.tally.add(entriesOf({ unit: 9, requests: 2, failures: 1 }));
  series.guard.isFirst("é", 7);
  series.kept = { evidence: [1, 2.5] };
  const bytes = encodeSeries(series);

  it("has everything that a restart must bring back", () => {
    const restored = decodeSeries(bytes);
    expect(restored).toMatchObject({ kept: { evidence: [1, 2.5] }, tally: { thousandths: 5_000 } });
    expect(restored?.tally.requests[9]).toBe(2);
    expect(restored?.guard.isFirst("é", 7)).toBe(false);
  });

  it("is nothing when it was cut in its header, and never throws, whatever it is", () => {
    for (let end = 0; end < bytes.length - 6; end++) expect(decodeSeries(bytes.subarray(0, end))).toBeUndefined();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const damaged = bytes.slice();
        damaged[at] = byte;
        decodeSeries(damaged);
      }),
    );
  });
});

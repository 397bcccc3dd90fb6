import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { epochAt, EPOCH_RANDOM_BYTES, isOlderEpoch } from "./epoch.ts";

const RANDOM = "5f1e0c2a99b3d710";
const bytes = fc.uint8Array({ minLength: EPOCH_RANDOM_BYTES, maxLength: EPOCH_RANDOM_BYTES });
const instant = fc.integer({ min: 0, max: Date.UTC(9999, 0) });

describe("epochs", () => {
  it("are in the order in which their histories began", () => {
    fc.assert(
      fc.property(instant, instant, bytes, bytes, (a, b, one, other) => {
        fc.pre(a !== b);
        expect(isOlderEpoch(epochAt(a, one), epochAt(b, other))).toBe(a < b);
      }),
    );
  });

  it("come after the one that they follow, also when the clock was set back", () => {
    fc.assert(
      fc.property(instant, instant, bytes, bytes, (a, b, one, other) => {
        const before = epochAt(a, one);
        expect(isOlderEpoch(before, epochAt(b, other, before))).toBe(true);
      }),
    );
  });

  it("are never older than themselves, nor both ways round", () => {
    fc.assert(
      fc.property(instant, bytes, bytes, (at, one, other) => {
        const [a, b] = [epochAt(at, one), epochAt(at, other)];
        expect(isOlderEpoch(a, a)).toBe(false);
        expect(isOlderEpoch(a, b) && isOlderEpoch(b, a)).toBe(false);
      }),
    );
  });

  it("without a date come before all that have one, and in no order among themselves", () => {
    expect(isOlderEpoch(RANDOM, epochAt(0, new Uint8Array(EPOCH_RANDOM_BYTES)))).toBe(true);
    expect(isOlderEpoch(epochAt(0, new Uint8Array(EPOCH_RANDOM_BYTES)), RANDOM)).toBe(false);
    expect(isOlderEpoch(RANDOM, "0000000000000000")).toBe(false);
    expect(isOlderEpoch("0000000000000000", RANDOM)).toBe(false);
  });

  it("can follow one without a date", () => {
    expect(epochAt(0x199, Uint8Array.of(0, 1, 0xab, 0xff), RANDOM)).toBe("t0000000001990001abff");
  });
});

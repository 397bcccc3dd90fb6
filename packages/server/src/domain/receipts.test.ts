import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appliedAfterMs,
  Convergence,
  LATE_RECEIPT_MS,
  offByLeaseAt,
  PROMISE_MS,
  quantilesOf,
  TRANSIT_MAX_MS,
} from "./receipts.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const NEVER = Number.POSITIVE_INFINITY;
const LATER = AT + 24 * 3_600_000;

const converging = (...offAt: readonly number[]): Convergence => new Convergence(AT, Float64Array.from(offAt));

/** Clients with and without a lease, and receipts of some of them, repeated as networks do. */
const story = fc
  .array(
    fc.oneof(
      fc.constant(NEVER),
      fc.integer({ min: 1, max: 120_000 }).map((ms) => AT + ms),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .chain((offAt) =>
    fc.record({
      offAt: fc.constant(offAt),
      receipts: fc.array(fc.record({ index: fc.nat(offAt.length - 1), afterMs: fc.nat(60_000) }), { maxLength: 40 }),
    }),
  );

const told = (
  offAt: readonly number[],
  receipts: readonly { readonly index: number; readonly afterMs: number }[],
): Convergence => {
  const convergence = converging(...offAt);
  for (const { index, afterMs } of receipts) convergence.acknowledge(index, afterMs);
  return convergence;
};

describe("the verdict on an urgent change", () => {
  it("is the same in whatever order receipts come, and however often", () => {
    fc.assert(
      fc.property(
        story.chain(({ offAt, receipts }) =>
          fc.record({
            offAt: fc.constant(offAt),
            receipts: fc.constant(receipts),
            shuffled: fc.shuffledSubarray([...receipts, ...receipts], { minLength: receipts.length * 2 }),
            now: fc.integer({ min: AT, max: AT + 200_000 }),
          }),
        ),
        ({ offAt, receipts, shuffled, now }) => {
          const [one, other] = [told(offAt, receipts), told(offAt, shuffled)];
          expect(other.verdict(now)).toBe(one.verdict(now));
          expect(other.acknowledged).toBe(one.acknowledged);
          expect(quantilesOf(other.applied())).toEqual(quantilesOf(one.applied()));
          expect([...other.missing()]).toEqual([...one.missing()]);
        },
      ),
    );
  });

  it("is proven with every receipt and never without one, whatever the time", () => {
    fc.assert(
      fc.property(story, fc.integer({ min: AT, max: LATER }), fc.boolean(), ({ offAt, receipts }, now, isFinal) => {
        const heard = new Set(receipts.map(({ index }) => index)).size;
        expect(told(offAt, receipts).verdict(now, isFinal) === "proven").toBe(heard === offAt.length);
      }),
    );
  });

  it("is bounded only when the lease of each missing client is over", () => {
    fc.assert(
      fc.property(
        story,
        fc.integer({ min: AT, max: AT + 300_000 }),
        fc.boolean(),
        ({ offAt, receipts }, now, isFinal) => {
          const convergence = told(offAt, receipts);
          const areOff = [...convergence.missing()].every((index) => (offAt[index] ?? NEVER) <= now);
          const verdict = convergence.verdict(now, isFinal);
          if (verdict === "bounded") expect(areOff).toBe(true);
          if (verdict === "unproven") expect(areOff).toBe(false);
        },
      ),
    );
  });

  it("does not change any more after the deadline, unless a late receipt proves it", () => {
    fc.assert(
      fc.property(story, ({ offAt, receipts }) => {
        const convergence = told(offAt, receipts);
        const { deadline } = convergence;
        expect(convergence.verdict(deadline)).not.toBe("open");
        expect(convergence.verdict(LATER)).toBe(convergence.verdict(deadline));
      }),
    );
  });

  it("stays open until the promise and the last lease are over", () => {
    expect(converging(NEVER).deadline).toBe(AT + PROMISE_MS + LATE_RECEIPT_MS);
    expect(converging(AT + 60_000, NEVER).deadline).toBe(AT + 60_000 + LATE_RECEIPT_MS);
    expect(converging(AT + 1).verdict(AT + PROMISE_MS)).toBe("open");
  });

  it("is proven at once when nobody could have been on", () => {
    expect(converging().verdict(AT)).toBe("proven");
  });

  it("knows from when on those who are missing are off", () => {
    const convergence = converging(AT + 10_000, AT + 20_000, NEVER);
    expect(convergence.boundedAt()).toBe(NEVER);
    convergence.acknowledge(2, 100);
    expect(convergence.boundedAt()).toBe(AT + 20_000);
    convergence.acknowledge(1, 100);
    expect(convergence.boundedAt()).toBe(AT + 10_000);
    convergence.acknowledge(0, 100);
    expect(convergence.boundedAt()).toBeUndefined();
  });
});

describe("the lease of a client that hears nothing", () => {
  it("is over after the last contact, what was on its way, and the lease", () => {
    expect(offByLeaseAt(AT, 25_000)).toBe(AT + 25_000 + TRANSIT_MAX_MS);
    expect(offByLeaseAt(AT, undefined)).toBe(NEVER);
  });
});

describe("when a client applied a change", () => {
  const after = (appliedAt: number, offsetMaxMs: number, receivedAt = AT + 500): number =>
    appliedAfterMs({ appliedAt, committedAt: AT, receivedAt, offsetMaxMs });

  it("is what its clock says when that can be right", () => {
    expect(after(AT + 120, 380)).toBe(120);
  });

  it("is the receipt's coming when its clock says that it was before the commit", () => {
    expect(after(AT - 3_600_000, 3_600_500)).toBe(500);
  });

  it("is counted back by what other receipts showed of a clock that is ahead", () => {
    expect(after(AT + 3_600_120, -3_600_000)).toBe(120);
  });

  it("is neither before the commit nor after its receipt, whatever the clocks say", () => {
    const instant = fc.integer({ min: AT - 10 ** 9, max: AT + 10 ** 9 });
    fc.assert(
      fc.property(instant, fc.nat(60_000), fc.nat(10 ** 6), (appliedAt, receivedAfterMs, better) => {
        const receivedAt = AT + receivedAfterMs;
        const ms = after(appliedAt, receivedAt - appliedAt - better, receivedAt);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(receivedAfterMs);
      }),
    );
  });

  it("is never counted too early by a clock that was seen to be behind", () => {
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.nat(500),
        fc.integer({ min: 20_001, max: 10 ** 7 }),
        (trulyAfterMs, tookMs, behindMs) => {
          const appliedAt = AT + trulyAfterMs - behindMs;
          const receivedAt = AT + trulyAfterMs + tookMs;
          expect(after(appliedAt, receivedAt - appliedAt, receivedAt)).toBeGreaterThanOrEqual(trulyAfterMs);
        },
      ),
    );
  });
});

describe("quantiles", () => {
  it("are values that were there, by nearest rank", () => {
    expect(quantilesOf(Float64Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
      p50Ms: 50,
      p99Ms: 99,
      maxMs: 100,
    });
    expect(quantilesOf(Float64Array.of(7))).toEqual({ p50Ms: 7, p99Ms: 7, maxMs: 7 });
    expect(quantilesOf(new Float64Array())).toBeUndefined();
  });
});

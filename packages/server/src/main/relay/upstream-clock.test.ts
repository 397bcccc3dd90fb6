import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UpstreamClock } from "./upstream-clock.ts";

describe("the upstream server's clock, as a relay knows it", () => {
  it("is off by no more than the quickest exchange took, however wrong the relay's own is", () => {
    const exchange = fc.record({ thereMs: fc.nat(500), backMs: fc.nat(500), pauseMs: fc.nat(10_000) });
    fc.assert(
      fc.property(
        fc.integer({ min: -1e10, max: 1e10 }),
        fc.array(exchange, { minLength: 1, maxLength: 20 }),
        (wrongByMs, exchanges) => {
          let trueMs = 1e12;
          const clock = new UpstreamClock({ now: () => trueMs + wrongByMs, monotonicMs: () => trueMs });
          let quickestMs = Infinity;
          for (const { thereMs, backMs, pauseMs } of exchanges) {
            trueMs += pauseMs;
            const askedAt = clock.ownNow();
            const theirs = trueMs + thereMs;
            trueMs += thereMs + backMs;
            clock.learn({ askedAt, theirs, answeredAt: clock.ownNow() });
            quickestMs = Math.min(quickestMs, thereMs + backMs);
            expect(Math.abs(clock.now() - trueMs)).toBeLessThanOrEqual(quickestMs);
          }
        },
      ),
    );
  });

  it("follows when the relay's own is set", () => {
    let own = 1_000;
    const clock = new UpstreamClock({ now: () => own, monotonicMs: () => 0 });
    clock.learn({ askedAt: 1_000, theirs: 5_000, answeredAt: 1_000 });
    expect(clock.now()).toBe(5_000);
    own = 3_600_000;
    clock.learn({ askedAt: own, theirs: 5_100, answeredAt: own });
    expect(clock.now()).toBe(5_100);
  });
});

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { rateKey } from "./address.ts";
import { ProblemError } from "./problem.ts";

/**
 * Requests are counted apart by what they are for, so that a flood of one kind uses up nothing of another: a kill is let through
 * however many reads, receipts or dashboards there are.
 */
export type Lane = "kill" | "admin" | "sdk" | "ack" | "events" | "open";

/** Requests a second that one token, and that one address, may make in a lane. */
interface Rate {
  readonly perToken: number;
  readonly perAddress: number;
}

/**
 * SDK lanes are wide, because one key is shared by a whole fleet behind one address, and an answer from memory costs hardly more
 * than a refusal. `open` has no token.
 */
const RATES: { readonly [lane in Lane]: Rate } = {
  kill: { perToken: 200, perAddress: 400 },
  admin: { perToken: 500, perAddress: 1_000 },
  sdk: { perToken: 100_000, perAddress: 100_000 },
  ack: { perToken: 20_000, perAddress: 20_000 },
  events: { perToken: 5_000, perAddress: 5_000 },
  open: { perToken: 1_000, perAddress: 1_000 },
};

/** Wrong tokens that one address may try in ten seconds. Good tokens from the same address are not held up by them. */
const FAILURES_PER_10_S = 50;

/** Counts requests, and turns away those that are too many. */
export class Lanes {
  readonly #byToken = limiters((rate) => rate.perToken);
  readonly #byAddress = limiters((rate) => rate.perAddress);
  readonly #failures = new RateLimiterMemory({ points: FAILURES_PER_10_S, duration: 10 });

  /** Counts one request. Throws a 429 `ProblemError` when there were too many. */
  async enter(lane: Lane, from: { readonly tokenId: string | undefined; readonly address: string }): Promise<void> {
    await consume(this.#byAddress[lane], rateKey(from.address), `this address, in the lane ${lane}`);
    if (from.tokenId !== undefined) await consume(this.#byToken[lane], from.tokenId, `this token, in the lane ${lane}`);
  }

  /** Counts one failed authentication. Throws a 429 `ProblemError` when there were too many. */
  async failed(address: string): Promise<void> {
    await consume(this.#failures, rateKey(address), "wrong tokens from this address");
  }
}

function limiters(points: (rate: Rate) => number): { readonly [lane in Lane]: RateLimiterMemory } {
  const of = (lane: Lane): RateLimiterMemory => new RateLimiterMemory({ points: points(RATES[lane]), duration: 1 });
  return { kill: of("kill"), admin: of("admin"), sdk: of("sdk"), ack: of("ack"), events: of("events"), open: of("open") };
}

async function consume(limiter: RateLimiterMemory, key: string, whose: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new ProblemError(
      { code: "RATE_LIMITED", detail: `More than ${limiter.points} requests in ${limiter.duration} s: ${whose}.`, hint: `Try again in ${seconds} s.` },
      { "retry-after": String(seconds) },
    );
  }
}

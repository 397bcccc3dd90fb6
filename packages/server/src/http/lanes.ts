import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { rateKey } from "./address.ts";
import { ProblemError } from "./problem.ts";

/**
 * Requests are counted apart by what they are for, so that a flood of one kind uses up nothing of another: a kill is let through
 * however many reads, receipts or dashboards there are.
 */
export type Lane = "kill" | "admin" | "signals" | "sdk" | "browser" | "ofrep" | "ack" | "events" | "open";

/** Requests a second that one token may make in a lane; an address, behind which there may be several, twice as many. */
export type Rates = { readonly [lane in Lane]: number };

/**
 * The lanes around `admin`, which is for the operator to set. SDK lanes are wide, because one key is shared by a whole fleet behind one
 * address, and an answer from memory costs hardly more than a refusal.
 */
export const ratesAround = (admin: number): Rates => ({
  kill: 200,
  admin,
  signals: 500,
  sdk: 100_000,
  // A client key is public: whoever copies it can ask, and each answer takes an evaluation of every flag.
  browser: 5_000,
  ofrep: 20_000,
  ack: 20_000,
  events: 5_000,
  open: 1_000,
});

const ADDRESS_FACTOR = 2;

/** Wrong tokens that one address may try in ten seconds. Good tokens from the same address are not held up by them. */
const FAILURES_PER_10_S = 50;

/** Counts requests, and turns away those that are too many. */
export class Lanes {
  readonly #byToken: Limiters;
  readonly #byAddress: Limiters;
  readonly #failures = new RateLimiterMemory({ points: FAILURES_PER_10_S, duration: 10 });

  constructor(rates: Rates) {
    this.#byToken = limiters(rates, 1);
    this.#byAddress = limiters(rates, ADDRESS_FACTOR);
  }

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

type Limiters = { readonly [lane in Lane]: RateLimiterMemory };

function limiters(rates: Rates, factor: number): Limiters {
  const of = (lane: Lane): RateLimiterMemory => new RateLimiterMemory({ points: rates[lane] * factor, duration: 1 });
  return {
    kill: of("kill"),
    signals: of("signals"),
    admin: of("admin"),
    sdk: of("sdk"),
    browser: of("browser"),
    ofrep: of("ofrep"),
    ack: of("ack"),
    events: of("events"),
    open: of("open"),
  };
}

async function consume(limiter: RateLimiterMemory, key: string, whose: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new ProblemError(
      {
        code: "RATE_LIMITED",
        detail: `More than ${limiter.points} requests in ${limiter.duration} s: ${whose}.`,
        hint: `Try again in ${seconds} s.`,
      },
      { "retry-after": String(seconds) },
    );
  }
}

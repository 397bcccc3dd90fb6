import { BUCKETS } from "@rampart/core";
import { Random } from "./random.ts";

/** Who comes how often in made-up traffic. */
export interface TrafficSettings {
  readonly users: number;
  readonly requestsPerSecond: number;
  /** How differently users fail: the coefficient of variation of their propensity; 0: all alike, 2: a few have most of the failures. */
  readonly clustering: number;
  /** How differently users suffer from what only their cohort suffers, in the same way; as `clustering` when left out. 0: it hits them all alike. */
  readonly harmClustering?: number;
  /** The same seed, the same traffic. */
  readonly seed: number;
}

/** How one cohort fares. */
export interface Conduct {
  /** Share of requests that fail, 0…1, over users of all propensities. */
  readonly failureRate: number;
  /** How many times as long as usual its requests take. */
  readonly latency: number;
}

/** Natural logarithms: of how differently active users are, and of how differently long requests take, as standard deviations. */
const ACTIVITY_SPREAD = 0.4;
const LATENCY_SPREAD = 0.73;
/** Milliseconds that the median request takes. */
const LATENCY_MEDIAN_MS = 100;

/**
 * Made-up users who make requests: some often, most seldom, some of which fail often, most seldom. Users keep who they are, so their
 * requests fail together, which is what makes a comparison by requests jump at nothing.
 */
export class Traffic {
  /** Of each user, the hash that decides the bucket. */
  readonly hashes: Uint32Array;
  readonly #settings: TrafficSettings;
  readonly #random: Random;
  /** Who fails often anyway, and who is hit by what only some groups suffer: that is broken for other people. */
  readonly #common: Propensity;
  readonly #particular: Propensity;
  readonly #pick: Alias;

  constructor(settings: TrafficSettings) {
    this.#settings = settings;
    const random = new Random(settings.seed);
    const { users, clustering, harmClustering = clustering } = settings;
    this.#random = random;
    this.hashes = Uint32Array.from({ length: users }, () => random.bits());
    const activity = Float64Array.from({ length: users }, () => Math.exp(ACTIVITY_SPREAD * random.normal()));
    const total = activity.reduce((sum, one) => sum + one, 0);
    const shares = activity.map((one) => one / total);
    this.#common = new Propensity(shares, clustering, random);
    this.#particular = new Propensity(shares, harmClustering, random);
    this.#pick = new Alias(activity);
  }

  /**
   * The requests of one second: `take` is told of each who made it, and whether it failed. `groupOf` says for each user which of
   * the `conducts` is theirs. What all of these have in common hits those who fail often anyway, what one has beyond hits others.
   */
  second(groupOf: Uint8Array, conducts: readonly Conduct[], take: (user: number, failed: boolean) => void): void {
    const rates = conducts.map(({ failureRate }) => failureRate);
    const common = Math.min(...rates);
    const commonScale = this.#common.scaleOf(common);
    const scales = rates.map((rate) => this.#particular.scaleOf(rate - common));
    const [often, hit] = [this.#common.of, this.#particular.of];
    const random = this.#random;
    for (let left = random.poisson(this.#settings.requestsPerSecond); left > 0; left--) {
      const user = this.#pick.draw(random);
      const scale = scales[groupOf[user] ?? 0] ?? 0;
      take(user, random.uniform() < commonScale * (often[user] ?? 1) + scale * (hit[user] ?? 1));
    }
  }

  /** Milliseconds that a request takes, where it takes `factor` times as long as usual. */
  latencyMs(factor: number): number {
    return LATENCY_MEDIAN_MS * factor * Math.exp(LATENCY_SPREAD * this.#random.normal());
  }

  /** For each user 1 when the percentage, in thousandths of a percent, puts them on, else 0. */
  sides(thousandths: number): Uint8Array {
    return Uint8Array.from(this.hashes, (hash) => (hash * (BUCKETS / 2 ** 32) < thousandths ? 1 : 0));
  }
}

/** How often users fail beside others: lognormal, with this coefficient of variation. */
class Propensity {
  readonly of: Float64Array;
  readonly #shares: Float64Array;
  readonly #scales = new Map<number, number>();

  /** `shares`: of each user, how many of all requests are theirs. */
  constructor(shares: Float64Array, clustering: number, random: Random) {
    const spread = Math.sqrt(Math.log1p(clustering ** 2));
    this.#shares = shares;
    this.of = shares.map(() => Math.exp(spread * random.normal()));
  }

  /** What to multiply with so that this share of all requests fails, although nobody's can fail more often than always: by bisection. */
  scaleOf(failureRate: number): number {
    if (failureRate === 0) return 0;
    if (failureRate >= 1) return Infinity;
    const known = this.#scales.get(failureRate);
    if (known !== undefined) return known;
    const rateAt = (scale: number): number =>
      this.#shares.reduce((sum, share, user) => sum + share * Math.min(1, scale * (this.of[user] ?? 1)), 0);
    let [low, high] = [0, failureRate];
    while (rateAt(high) < failureRate) high *= 2;
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2;
      if (rateAt(middle) < failureRate) low = middle;
      else high = middle;
    }
    this.#scales.set(failureRate, high);
    return high;
  }
}

/** Draws indices by weight, each in constant time. (Walker 1977; Vose 1991.) */
class Alias {
  readonly #keep: Float64Array;
  readonly #other: Uint32Array;

  constructor(weights: Float64Array) {
    const { length } = weights;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#keep = weights.map((weight) => (weight / total) * length);
    this.#other = Uint32Array.from(weights, (_, index) => index);
    const indices = [...this.#keep.keys()];
    const small = indices.filter((index) => (this.#keep[index] ?? 0) < 1);
    const large = indices.filter((index) => (this.#keep[index] ?? 0) >= 1);
    for (let low = small.pop(); low !== undefined; low = small.pop()) {
      const high = large.at(-1);
      if (high === undefined) break;
      this.#other[low] = high;
      const rest = (this.#keep[high] ?? 0) - (1 - (this.#keep[low] ?? 0));
      this.#keep[high] = rest;
      if (rest < 1) small.push(large.pop() ?? high);
    }
  }

  draw(random: Random): number {
    const place = random.uniform() * this.#keep.length;
    const index = Math.floor(place);
    return place - index < (this.#keep[index] ?? 1) ? index : (this.#other[index] ?? index);
  }
}

import { built } from "./paths.mjs";

const core = await import(built("core"));
export const { Traffic } = await import(built("server", "domain/compare/traffic.js"));
export const { Random } = await import(built("server", "domain/compare/random.js"));
const failures = await import(built("server", "domain/compare/failures.js"));
const latency = await import(built("server", "domain/compare/latency.js"));
const { shareOf } = await import(built("server", "domain/compare/units.js"));
export const { look } = await import(built("server", "domain/comparing/look.js"));
export const { CountedTraffic } = await import(built("server", "domain/simulate/counted-traffic.js"));

/** The users that the expected figures are of: a few have most of the usual failures, and what the flag breaks it breaks for all who are on. */
export const USERS = { users: 10_000, requestsPerSecond: 200, clustering: 2, harmClustering: 0 };
/** The same, but what the flag breaks it breaks mostly for a few of those who are on. */
export const FEW_SUFFER = { ...USERS, harmClustering: 2 };
export const USUAL = { failureRate: 0.005, latency: 1 };
export const SHARES = [1, 5, 25, 50];
/** False alarms that a metric may have in a rollout. */
export const ALPHA = 0.005;
const LOOKED_FOR_S = 2 * 3600;

/** The second at which harm is found that is there from the start, within two hours; Infinity: not. */
export function findFailures({ seed, percentage, on, users = USERS }) {
  const traffic = new CountedTraffic(new Traffic({ ...users, seed }), percentage * 1000);
  const coin = new Coin(percentage);
  for (let second = 1; second <= LOOKED_FOR_S; second++) {
    if (coin.take(traffic.second([USUAL, on]))) return second;
    if (coin.isOver) traffic.begin("failures");
  }
  return Infinity;
}

export function findLatency({ seed, percentage, on }) {
  const users = new Traffic({ ...USERS, seed });
  const reference = new Uint32Array(core.VALUE_BINS);
  for (let value = 0; value < USERS.users; value++) reference[core.valueBin(users.latencyMs(1))] += 1;
  const traffic = new CountedTraffic(users, percentage * 1000);
  const model = latency.latencyModel({ alpha: ALPHA, tolerated: 1, plannedEpochs: 144, reference });
  let state = latency.startLatency(shareOf(percentage * 1000));
  for (let second = 1; second <= LOOKED_FOR_S; second++) {
    state = latency.latencyWindow(model, state, traffic.second([USUAL, on]));
    if (latency.latencyVerdict(model, state).alarm) return second;
    if (latency.isLatencyEpochOver(state)) traffic.begin("values");
  }
  return Infinity;
}

/** The coin test of one rollout of a day. */
export class Coin {
  #state;

  constructor(percentage) {
    const settings = { alpha: ALPHA, tolerated: 1, plannedEpochs: 24 };
    this.#state = failures.startFailures(settings, shareOf(percentage * 1000));
  }

  /** Whether the window rings. */
  take(window) {
    this.#state = failures.failuresWindow(this.#state, window);
    return failures.failuresVerdict(this.#state).alarm;
  }

  get isOver() {
    return failures.isFailuresEpochOver(this.#state);
  }
}

/** First failures of units at one percentage, for a coin of its own, beside others on the same requests. */
export class Cohort {
  #units;
  #sides;
  #seen = new Uint8Array(core.UNITS);
  #failed = new Uint8Array(core.UNITS);
  #window = emptyWindow();
  #coin;
  alarmAt = Infinity;

  constructor(traffic, percentage) {
    this.#units = Uint16Array.from(traffic.hashes, core.unitOf);
    this.#sides = core.unitSides(percentage * 1000);
    this.#coin = new Coin(percentage);
  }

  add(user, hasFailed) {
    const unit = this.#units[user];
    const { onEnd, offStart } = this.#sides;
    if (unit >= onEnd && unit < offStart) return;
    const side = unit < onEnd ? "on" : "off";
    if (this.#seen[unit] === 0) {
      this.#seen[unit] = 1;
      this.#window.seen[side] += 1;
    }
    if (!hasFailed || this.#failed[unit] === 1) return;
    this.#failed[unit] = 1;
    this.#window.failed[side] += 1;
  }

  endSecond(second) {
    if (this.alarmAt === Infinity && this.#coin.take(this.#window)) this.alarmAt = second;
    this.#window = emptyWindow();
    if (!this.#coin.isOver) return;
    this.#seen.fill(0);
    this.#failed.fill(0);
  }
}

const emptyWindow = () => ({ failed: { on: 0, off: 0 }, seen: { on: 0, off: 0 } });

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";

const PLANS = join(ROOT, "examples", "plans");
/** A gauge says nothing of its window. */
const GAUGE_WINDOW_S = 60;

/**
 * The hard stops of the example plans' first stage that errors or the 95th percentile of requests can break, as they stand in the
 * plans, read on the canary's own requests.
 *
 * @typedef {{ of: "errors" | "p95", limit: number, isReached: boolean, windowS: number, forS: number }} Rule
 *   `limit`: a share, or seconds; `isReached`: to reach it is enough.
 * @returns {readonly { plan: string, intervalS: number, rules: readonly Rule[] }[]}
 */
export function planThresholds(parsePlan) {
  return readdirSync(PLANS)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => {
      const parsed = parsePlan(readFileSync(join(PLANS, file), "utf8"), {});
      if (!parsed.ok) throw new Error(`${file} does not parse`);
      const { plan } = parsed;
      const stops = plan.stages[0].triggers.filter(
        ({ test, action }) => test.kind === "condition" && action === "rollback",
      );
      const rules = stops.flatMap(({ test, forMs }) => ruleOf(plan, test.condition, forMs) ?? []);
      return { plan: file.replace(".yaml", ""), intervalS: plan.intervalMs / 1000, rules };
    });
}

const SCALES = { percent: 0.01, milliseconds: 0.001, ratio: 1, seconds: 1 };

function ruleOf(plan, { metric, operator, threshold }, forMs) {
  const { source, unit } = plan.metrics[metric];
  if (source.kind !== "prometheus" || threshold.kind !== "absolute" || !operator.startsWith(">")) return undefined;
  const { query } = source;
  const isErrors = /status=~"(5|\[45\])\.\."|\berror_rate_percent\b/.test(query);
  const isP95 = /histogram_quantile\(0\.95.*http_request_duration_\w+_bucket|\bp95_latency_seconds\b/s.test(query);
  if ((!isErrors && !isP95) || /endpoint="/.test(query)) return undefined;
  // A trigger by PromQL alone has its limit in the expression.
  const within = unit === "count" ? / > ([\d.]+)\s/.exec(query) : undefined;
  return {
    of: isErrors ? "errors" : "p95",
    limit: within ? Number(within[1]) : threshold.value * SCALES[unit],
    isReached: operator === ">=",
    windowS: Number(/\[(\d+)m\]/.exec(query)?.[1] ?? GAUGE_WINDOW_S / 60) * 60,
    forS: forMs / 1000,
  };
}

/** Watches a cohort's requests by the rules of one plan, sampled at its interval. */
export class Watch {
  #rules;
  #intervalS;
  #firedAt = Infinity;

  constructor({ rules, intervalS }) {
    this.#rules = rules.map((rule) => ({ rule, since: undefined }));
    this.#intervalS = intervalS;
  }

  /** The second at which the first rule fired. */
  get firedAt() {
    return this.#firedAt;
  }

  /** @param {History} history up to `second` */
  look(second, history) {
    if (second % this.#intervalS !== 0 || this.#firedAt < Infinity) return;
    for (const one of this.#rules) {
      const { of, limit, isReached, windowS, forS } = one.rule;
      const value = of === "errors" ? history.errorRate(windowS) : history.p95(windowS);
      if (!(isReached ? value >= limit : value > limit)) one.since = undefined;
      else if (second - (one.since ??= second) >= forS) this.#firedAt = second;
    }
  }
}

const HISTORY_S = 600;

/** A cohort's requests by second. */
export class History {
  #requests = new Uint32Array(HISTORY_S);
  #failures = new Uint32Array(HISTORY_S);
  #latencies = Array.from({ length: HISTORY_S }, () => []);
  #second = 0;

  begin(second) {
    this.#second = second % HISTORY_S;
    this.#requests[this.#second] = 0;
    this.#failures[this.#second] = 0;
    this.#latencies[this.#second].length = 0;
  }

  /** `latencyS`: undefined where nobody looks at it. */
  add(hasFailed, latencyS) {
    this.#requests[this.#second] += 1;
    if (hasFailed) this.#failures[this.#second] += 1;
    if (latencyS !== undefined) this.#latencies[this.#second].push(latencyS);
  }

  errorRate(windowS) {
    return this.#sum(this.#failures, windowS) / this.#sum(this.#requests, windowS);
  }

  p95(windowS) {
    const all = [];
    for (let back = 0; back < windowS; back++)
      all.push(...this.#latencies[(this.#second - back + HISTORY_S) % HISTORY_S]);
    return all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1] ?? Number.NaN;
  }

  #sum(counts, windowS) {
    let sum = 0;
    for (let back = 0; back < windowS; back++) sum += counts[(this.#second - back + HISTORY_S) % HISTORY_S];
    return sum;
  }
}

import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Meter } from "../ports/meter.ts";

/** From a fraction of a millisecond to the 30 s that are promised. */
const LEG_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Requests are answered from memory or one transaction. */
const REQUEST_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

const EVENT_LOOP_RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/** What the server counts, as Prometheus reads it. All names begin with `rampart_`. */
export interface PrometheusMeter {
  readonly meter: Meter;
  /** The text of a scrape. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
  close(): void;
}

/** Each server has its own registry, so that several can live in one process. */
export function createPrometheusMeter(version: string): PrometheusMeter {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "rampart_" });
  new Gauge({
    name: "rampart_build_info",
    help: "Always 1; the version is a label.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  const loop = watchEventLoop(registry);
  return {
    meter: {
      ...streamMeter(registry),
      ...storeMeter(registry),
      ...readMeter(registry),
      ...requestMeter(registry),
      ...rolloutMeter(registry),
    },
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    close: () => {
      loop.disable();
      registry.clear();
    },
  };
}

type StreamMeter = Pick<
  Meter,
  "streamOpened" | "streamClosed" | "streamRefused" | "consumerSlow" | "fannedOut" | "heartbeatLag" | "acknowledged"
>;

function streamMeter(registry: Registry): StreamMeter {
  const registers = [registry];
  const open = new Gauge({ name: "rampart_streams", help: "Open streams.", labelNames: ["environment"], registers });
  const opened = new Counter({
    name: "rampart_streams_opened_total",
    help: "Streams accepted.",
    labelNames: ["environment"],
    registers,
  });
  const closed = new Counter({
    name: "rampart_streams_closed_total",
    help: "Streams ended, by why.",
    labelNames: ["environment", "end"],
    registers,
  });
  const refused = new Counter({
    name: "rampart_streams_refused_total",
    help: "Streams not accepted, by why.",
    labelNames: ["refusal"],
    registers,
  });
  const slow = new Counter({
    name: "rampart_slow_consumers_total",
    help: "Times a stream was left out because its client did not read.",
    labelNames: ["environment"],
    registers,
  });
  const fanOut = new Histogram({
    name: "rampart_fanout_seconds",
    help: "From a commit to the last socket write.",
    labelNames: ["environment"],
    buckets: LEG_SECONDS,
    registers,
  });
  const lag = new Histogram({
    name: "rampart_heartbeat_lag_seconds",
    help: "How late heartbeats are written.",
    buckets: LEG_SECONDS,
    registers,
  });
  const receipt = new Histogram({
    name: "rampart_receipt_seconds",
    help: "From an urgent commit to one client's receipt.",
    labelNames: ["environment"],
    buckets: LEG_SECONDS,
    registers,
  });
  return {
    streamOpened: (environment) => {
      open.inc({ environment });
      opened.inc({ environment });
    },
    streamClosed: (environment, end) => {
      open.dec({ environment });
      closed.inc({ environment, end });
    },
    streamRefused: (refusal) => refused.inc({ refusal }),
    consumerSlow: (environment) => slow.inc({ environment }),
    fannedOut: (environment, seconds) => fanOut.observe({ environment }, seconds),
    heartbeatLag: (seconds) => lag.observe(seconds),
    acknowledged: (environment, seconds) => receipt.observe({ environment }, seconds),
  };
}

type StoreMeter = Pick<Meter, "committed" | "revision" | "storeFailed">;

function storeMeter(registry: Registry): StoreMeter {
  const registers = [registry];
  const commits = new Counter({
    name: "rampart_commits_total",
    help: "Stored writes, by action.",
    labelNames: ["action"],
    registers,
  });
  const revision = new Gauge({
    name: "rampart_revision",
    help: "The revision that is served.",
    labelNames: ["environment"],
    registers,
  });
  const failures = new Counter({
    name: "rampart_store_errors_total",
    help: "Failed calls of the store.",
    labelNames: ["operation"],
    registers,
  });
  return {
    committed: (action) => commits.inc({ action }),
    revision: (environment, value) => revision.set({ environment }, value),
    storeFailed: (operation) => failures.inc({ operation }),
  };
}

type RolloutMeter = Pick<Meter, "rolloutMoved" | "rolloutLeg" | "rollbackLeg" | "alerted" | "notified">;

function rolloutMeter(registry: Registry): RolloutMeter {
  const registers = [registry];
  const rollouts = new Gauge({
    name: "rampart_rollouts",
    help: "Rollouts that this server looks after.",
    labelNames: ["status"],
    registers,
  });
  const legs = new Histogram({
    name: "rampart_rollout_leg_seconds",
    help: "From what a metric says to what is stored, leg by leg.",
    labelNames: ["leg"],
    buckets: LEG_SECONDS,
    registers,
  });
  const budget = new Histogram({
    name: "rampart_leg_seconds",
    help: "Urgent changes (kills, rollbacks), leg by leg, from what a metric says to each client's having applied it.",
    labelNames: ["leg"],
    buckets: LEG_SECONDS,
    registers,
  });
  const alerts = new Counter({
    name: "rampart_alerts_total",
    help: "Alerts that came in.",
    labelNames: ["outcome"],
    registers,
  });
  const notifications = new Counter({
    name: "rampart_notifications_total",
    help: "Notifications, each try.",
    labelNames: ["outcome"],
    registers,
  });
  return {
    rolloutMoved: (from, to) => {
      if (from !== undefined) rollouts.dec({ status: from });
      if (to !== undefined) rollouts.inc({ status: to });
    },
    rolloutLeg: (leg, seconds) => legs.observe({ leg }, seconds),
    rollbackLeg: (leg, seconds) => budget.observe({ leg }, seconds),
    alerted: (outcome) => alerts.inc({ outcome }),
    notified: (outcome) => notifications.inc({ outcome }),
  };
}

/** Counts in a plain number what is counted fifty thousand times a second, and tells Prometheus when it asks. */
function readMeter(registry: Registry): Pick<Meter, "readServed"> {
  const served = new Map<string, number>();
  const reads = new Counter({
    name: "rampart_sdk_reads_total",
    help: "SDKs' reads that were answered past the router; they are in no other series.",
    labelNames: ["path"],
    registers: [],
    collect() {
      for (const [path, count] of served) this.inc({ path }, count);
      served.clear();
    },
  });
  registry.registerMetric(reads);
  return { readServed: (path) => void served.set(path, (served.get(path) ?? 0) + 1) };
}

type RequestMeter = Pick<Meter, "requested" | "ran" | "eventsDropped" | "evaluationsDropped">;

function requestMeter(registry: Registry): RequestMeter {
  const registers = [registry];
  const requests = new Counter({
    name: "rampart_http_requests_total",
    help: "Answered requests.",
    labelNames: ["method", "path", "status"],
    registers,
  });
  const duration = new Histogram({
    name: "rampart_http_request_duration_seconds",
    help: "From the request's head to the answer.",
    labelNames: ["method", "path"],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const runs = new Counter({
    name: "rampart_flag_runs_total",
    help: "Runs of a flag's branches that SDKs reported.",
    labelNames: ["environment", "flag", "cohort"],
    registers,
  });
  const failures = new Counter({
    name: "rampart_flag_run_failures_total",
    help: "Those of them that failed.",
    labelNames: ["environment", "flag", "cohort"],
    registers,
  });
  const latency = new Counter({
    name: "rampart_flag_run_seconds_total",
    help: "Time spent in them.",
    labelNames: ["environment", "flag", "cohort"],
    registers,
  });
  const dropped = new Counter({
    name: "rampart_events_dropped_total",
    help: "Calls that SDKs saw but that are in no total.",
    labelNames: ["environment"],
    registers,
  });
  const uncounted = new Counter({
    name: "rampart_evaluations_dropped_total",
    help: "Evaluations of flags that are in no count.",
    labelNames: ["environment"],
    registers,
  });
  // Finding a series by its labels costs as much as answering a poll: those of a request are kept at hand.
  const known = new Map<
    string,
    { readonly count: Counter.Internal; readonly seconds: Histogram.Internal<"method" | "path"> }
  >();
  return {
    requested: (method, path, status, seconds) => {
      const key = `${status} ${method} ${path}`;
      let series = known.get(key);
      if (series === undefined)
        known.set(
          key,
          (series = { count: requests.labels({ method, path, status }), seconds: duration.labels({ method, path }) }),
        );
      series.count.inc();
      series.seconds.observe(seconds);
    },
    ran: (environment, flag, cohort, measured) => {
      runs.inc({ environment, flag, cohort }, measured.count);
      failures.inc({ environment, flag, cohort }, measured.failures);
      latency.inc({ environment, flag, cohort }, measured.latencySumMs / 1000);
    },
    eventsDropped: (environment, count) => dropped.inc({ environment }, count),
    evaluationsDropped: (environment, count) => uncounted.inc({ environment }, count),
  };
}

/**
 * How late a timer was, in seconds. What Node's histogram holds is the time from one firing to the next, the timer's own 10 ms included.
 *
 * @param intervalNs in nanoseconds
 */
export function delaySeconds(intervalNs: number): number {
  return Math.max(0, intervalNs / NANOSECONDS - EVENT_LOOP_RESOLUTION_MS / 1000);
}

function watchEventLoop(registry: Registry): ReturnType<typeof monitorEventLoopDelay> {
  const loop = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  loop.enable();
  const delay = new Gauge({
    name: "rampart_event_loop_delay_seconds",
    help: "Delay of the event loop since the last scrape, by quantile.",
    labelNames: ["quantile"],
    registers: [],
    collect() {
      for (const quantile of [0.5, 0.99, 1])
        this.set({ quantile: String(quantile) }, delaySeconds(loop.percentile(quantile * 100)));
      loop.reset();
    },
  });
  registry.registerMetric(delay);
  return loop;
}

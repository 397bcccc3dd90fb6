import type { EvaluationDetails, EventsBody } from "@rampart/core";
import { RUN_METRIC } from "@rampart/core";
import type { Measured, Measures, Outcome } from "./measures.ts";
import { createMeasures } from "./measures.ts";
import type { Identity, Send } from "./sender.ts";

/** Measures are sent together this often, while there are any. */
const REPORT_INTERVAL_MS = 10_000;

/** Sends what was measured. */
export interface Reporter {
  /** Counts a call that took `value` milliseconds, once for each evaluation that decided it. */
  ran(details: EvaluationDetails<boolean>, value: number, outcome: Outcome | undefined): void;
  /** See `Measures`. */
  track: Measures["track"];
  /** Sends what there is at once. What a page sends while it goes reaches the server only as a beacon, which has no headers. */
  beacon(): void;
}

/**
 * A reporter, loaded with the first `run`, `measure` or `track`: a page that measures nothing does not carry it. A report that does not
 * arrive is lost, but counted. `address`: where beacons go.
 */
export function createReporter({ clientKey, instanceId }: Identity, send: Send, address: string): Reporter {
  const measures = createMeasures();
  const counted = new WeakSet<object>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = 0;
  let seq = 0;

  const take = (use: (body: EventsBody & Measured) => void): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    seq += 1;
    use({ instanceId, seq, from, to: Date.now(), ...measures.take() });
  };
  const report = (): void =>
    take((body) => {
      const lost = (): void => measures.lost(body);
      send("events", body).then(({ ok }) => ok || lost(), lost);
    });
  /** The timer runs only while there is something, so that a page that measures nothing sends nothing. */
  const touch = (): void => {
    if (timer !== undefined) return;
    from = Date.now();
    timer = setTimeout(report, REPORT_INTERVAL_MS);
  };

  return {
    ran: (details, value, outcome) => {
      const { flagKey, value: isOn, reason, errorCode } = details;
      // Whoever got a default or an expired flag's off variant is in no cohort: comparing them would mislead.
      if (errorCode !== undefined || reason === "STALE" || counted.has(details)) return;
      counted.add(details);
      touch();
      measures.ended(flagKey, isOn, RUN_METRIC, { ...outcome, value });
    },
    track: (metric, outcome, flags, silenceMs) => {
      touch();
      measures.track(metric, outcome, flags, silenceMs);
    },
    beacon: () => take((body) => void navigator.sendBeacon(address, JSON.stringify({ ...body, key: clientKey }))),
  };
}

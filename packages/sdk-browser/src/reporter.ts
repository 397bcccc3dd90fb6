import type { EventsBody } from "@rampart/core";
import { Measures } from "./measures.ts";
import type { Send } from "./sender.ts";

/** Measures are sent together this often, while there are any. */
export const REPORT_INTERVAL_MS = 10_000;

export interface ReporterOptions {
  readonly send: Send;
  /** Where beacons go. */
  readonly address: string;
  readonly clientKey: string;
  readonly instanceId: string;
}

/**
 * Sends what was measured. Loaded with the first `run` or `track`: a page that measures nothing does not carry it. A report that does
 * not arrive is lost, but counted.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #measures = new Measures();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #from = 0;
  #seq = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  ran(flag: string, isOn: boolean, latencyMs: number, failed: boolean): void {
    this.#touch();
    this.#measures.ran(flag, isOn, latencyMs, failed);
  }

  track(metric: string, value: number): void {
    this.#touch();
    this.#measures.track(metric, value);
  }

  /** What a page sends while it goes reaches the server only as a beacon, which has no headers. */
  beacon(): void {
    const body = this.#take();
    const { address, clientKey } = this.#options;
    if (body !== undefined) navigator.sendBeacon(address, JSON.stringify({ ...body, key: clientKey }));
  }

  /** The timer runs only while there is something, so that a page that measures nothing sends nothing. */
  #touch(): void {
    if (this.#timer !== undefined) return;
    this.#from = Date.now();
    this.#timer = setTimeout(() => this.#report(), REPORT_INTERVAL_MS);
  }

  #report(): void {
    const body = this.#take();
    if (body === undefined) return;
    const lost = (): void => this.#measures.lost(body);
    this.#options.send("events", body).then(({ ok }) => ok || lost(), lost);
  }

  #take(): EventsBody | undefined {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const report = this.#measures.take();
    if (report === undefined) return undefined;
    this.#seq += 1;
    const { instanceId } = this.#options;
    return { instanceId, seq: this.#seq, from: this.#from, to: Date.now(), ...report };
  }
}

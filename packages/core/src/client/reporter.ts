import type { Measures, MeasuresReport } from "./measures.ts";
import type { ClientPorts, HttpResponse } from "./ports.ts";

/** Measures are sent together this often, while there are any. */
export const REPORT_INTERVAL_MS = 10_000;

/** Body of `POST /sdk/v1/events`. `from` and `to` are epoch milliseconds of the client's clock; `seq` counts the client's reports from 1. */
export interface EventsBody extends MeasuresReport {
  readonly instanceId: string;
  readonly seq: number;
  readonly from: number;
  readonly to: number;
}

export interface ReporterOptions {
  readonly measures: Measures;
  readonly ports: Pick<ClientPorts, "setTimer" | "wallNow">;
  readonly instanceId: string;
  /** Whether it is worth asking: a server that is away is not asked. */
  readonly reachable: () => boolean;
  readonly post: (body: EventsBody) => Promise<HttpResponse>;
}

/** Sends what was measured. A report that does not arrive is lost, but counted: a comparison at this instant has no use for it later. */
export class Reporter {
  readonly #options: ReporterOptions;
  #cancelTimer: (() => void) | undefined;
  #from = 0;
  #seq = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something is about to be measured: the timer runs only then, so that a client that measures nothing sends nothing. */
  touch(): void {
    if (this.#cancelTimer !== undefined) return;
    this.#from = this.#options.ports.wallNow();
    this.#cancelTimer = this.#options.ports.setTimer(REPORT_INTERVAL_MS, () => void this.flush());
  }

  /** Sends now. Never rejects. */
  async flush(): Promise<void> {
    const { measures, ports, instanceId, reachable, post } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (measures.isEmpty) return;
    const report = measures.take();
    if (!reachable()) return measures.lost(report);
    this.#seq += 1;
    const body: EventsBody = { instanceId, seq: this.#seq, from: this.#from, to: ports.wallNow(), ...report };
    const arrived = await post(body).then(
      ({ status }) => status >= 200 && status < 300,
      () => false,
    );
    if (!arrived) measures.lost(report);
  }
}

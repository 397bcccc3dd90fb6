import type { Measures, MeasuresReport } from "./measures.ts";
import type { ClientPorts, HttpResponse } from "./ports.ts";

/** Measures are sent together this often, while there are any. */
export const REPORT_INTERVAL_MS = 10_000;

/** As often while a flag is measured for a rollout: what is compared is compared each second. */
export const MEASURED_INTERVAL_MS = 1_000;

/** A report that could not be delivered is tried again until it is this old; a comparison at this instant has no use for it later. */
export const REPORT_AGE_MAX_MS = 10_000;

/** Evaluations that nothing else is sent with are sent this often; the first after a pause as soon as everything else. */
export const EVALUATIONS_INTERVAL_MS = 60_000;

/** While the server is away evaluations go on adding up for so long: sums of an hour don't mind a few minutes. */
export const EVALUATIONS_AGE_MAX_MS = 600_000;

/**
 * Body of `POST /sdk/v1/events`. `from` and `to` are epoch milliseconds of the client's clock; `seq` counts the client's reports from 1, and
 * a report that is sent again has the same.
 */
export interface EventsBody extends MeasuresReport {
  readonly instanceId: string;
  readonly seq: number;
  readonly from: number;
  readonly to: number;
}

/** What is reported, and how. `post` rejects when there was no whole answer. */
export interface ReporterOptions {
  readonly measures: Measures;
  readonly ports: Pick<ClientPorts, "setTimer" | "now" | "wallNow">;
  readonly instanceId: string;
  /** Whether it is worth asking: a server that is away is not asked. */
  readonly reachable: () => boolean;
  /** Whether a flag is measured for a rollout. */
  readonly measured: () => boolean;
  readonly post: (body: EventsBody) => Promise<HttpResponse>;
}

interface Unsent {
  readonly body: EventsBody;
  readonly sinceMs: number;
}

/** Sends what was measured, one report at a time. A report that does not arrive in time is lost, but counted. */
export class Reporter {
  readonly #options: ReporterOptions;
  #isReachable: () => boolean;
  #cancelTimer: (() => void) | undefined;
  #from = 0;
  #sinceMs = 0;
  #seq = 0;
  /** The timer was set for evaluations alone, which are in no hurry. */
  #isPatient = false;
  /** When evaluations were last sent, or given up. */
  #evaluationsMs = -Infinity;
  /** Since when there are some to be sent. */
  #askedSinceMs: number | undefined;
  #unsent: Unsent | undefined;
  #work: Promise<void> = Promise.resolve();
  /** In a row. */
  #failures = 0;
  #isBusy = false;
  #isClosed = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#isReachable = options.reachable;
  }

  /** Something is about to be measured: the timer runs only then, so that a client that measures nothing sends nothing. */
  touch(): void {
    if (this.#cancelTimer !== undefined && !this.#isPatient) return;
    this.#isPatient = false;
    this.#cancelTimer?.();
    this.#begin();
  }

  /** A flag is about to be asked for. That is sent with what is measured, or by itself from time to time. */
  touchPatiently(): void {
    this.#askedSinceMs ??= this.#options.ports.now();
    if (this.#cancelTimer !== undefined) return;
    this.#isPatient = true;
    this.#begin();
  }

  /** The flags have changed: what waits is sent sooner where a rollout has begun. */
  retime(): void {
    if (this.#cancelTimer === undefined || this.#isPatient || !this.#options.measured()) return;
    this.#cancelTimer();
    this.#arm();
  }

  /** Sends all that there is, and nothing after that. Never rejects. */
  close(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // The connection is closed next, which says nothing about the server.
    const isReachable = this.#isReachable();
    this.#isReachable = () => isReachable;
    this.#isClosed = true;
    return this.#flush();
  }

  #flush(): Promise<void> {
    this.#work = this.#isBusy ? this.#work.then(() => this.#sendAll()) : this.#sendAll();
    return this.#work;
  }

  #begin(): void {
    if (this.#options.measures.isEmpty) this.#beginWindow();
    this.#arm();
  }

  #beginWindow(): void {
    const { ports } = this.#options;
    this.#from = ports.wallNow();
    this.#sinceMs = ports.now();
  }

  #arm(): void {
    if (this.#isClosed) return;
    const { ports, measured } = this.#options;
    // A server that has too much to do is asked ever less often; nothing is lost by counting on meanwhile.
    const intervalMs = (measured() ? MEASURED_INTERVAL_MS : REPORT_INTERVAL_MS) * 2 ** this.#failures;
    const untilMs = this.#evaluationsMs + EVALUATIONS_INTERVAL_MS - ports.now();
    this.#cancelTimer = ports.setTimer(
      this.#isPatient ? Math.max(REPORT_INTERVAL_MS, untilMs) : Math.min(REPORT_INTERVAL_MS, intervalMs),
      () => void this.#due(),
    );
  }

  async #due(): Promise<void> {
    this.#cancelTimer = undefined;
    // What is on its way keeps the next one waiting, so that they arrive in their order and none is sent twice at once.
    if (!this.#isBusy) await this.#flush();
    const { measures } = this.#options;
    if (this.#unsent !== undefined || !measures.hasOnlyEvaluations) this.touch();
    else if (!measures.isEmpty) this.touchPatiently();
  }

  /** What waits from before, then what came since, as far as it gets. */
  async #sendAll(): Promise<void> {
    this.#isBusy = true;
    const isFree = this.#unsent === undefined || (await this.#send(this.#unsent));
    const next = isFree ? this.#next() : undefined;
    if (next !== undefined) await this.#send(next);
    this.#isBusy = false;
  }

  #next(): Unsent | undefined {
    const { measures, ports, instanceId } = this.#options;
    const nowMs = ports.now();
    const withEvaluations = this.#isClosed || nowMs - this.#evaluationsMs >= REPORT_INTERVAL_MS;
    if (withEvaluations ? measures.isEmpty : measures.hasOnlyEvaluations) return undefined;
    if (!this.#isReachable()) {
      // Too little has gone by to give it up, and it goes on growing where it is.
      const isOld = nowMs - this.#sinceMs >= REPORT_AGE_MAX_MS && !measures.hasOnlyEvaluations;
      const isVeryOld = nowMs - (this.#askedSinceMs ?? nowMs) >= EVALUATIONS_AGE_MAX_MS;
      if (isOld || isVeryOld) this.#lose(this.#take(isVeryOld));
      return undefined;
    }
    this.#seq += 1;
    const window = { from: this.#from, to: ports.wallNow() };
    return { body: { instanceId, seq: this.#seq, ...window, ...this.#take(withEvaluations) }, sinceMs: nowMs };
  }

  #take(withEvaluations: boolean): MeasuresReport {
    if (withEvaluations) {
      this.#evaluationsMs = this.#options.ports.now();
      this.#askedSinceMs = undefined;
    }
    this.#beginWindow();
    return this.#options.measures.take({ withEvaluations });
  }

  /** True: it is off our hands, one way or the other. */
  async #send(one: Unsent): Promise<boolean> {
    const { ports, post } = this.#options;
    const isTooOld = ports.now() - one.sinceMs >= REPORT_AGE_MAX_MS;
    const isAsked = !isTooOld && this.#isReachable();
    const fate = isAsked ? await post(one.body).then(fateOf, (): Fate => "again") : "again";
    const isOver = fate !== "again" || isTooOld;
    this.#unsent = isOver ? undefined : one;
    this.#failures = isAsked && fate === "again" ? this.#failures + 1 : 0;
    if (isOver && fate !== "taken") this.#lose(one.body);
    return isOver;
  }

  #lose(report: MeasuresReport): void {
    this.#options.measures.lost(report);
  }
}

type Fate = "taken" | "refused" | "again";

/** A report that was refused for what it is will be refused again. */
function fateOf({ status }: HttpResponse): Fate {
  if (status >= 200 && status < 300) return "taken";
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? "refused" : "again";
}

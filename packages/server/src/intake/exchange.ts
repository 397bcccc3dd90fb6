import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { NO_FENCE, type Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { ReportBatch, ReportLog } from "../ports/report-log.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import type { MeasuredReport } from "./measured-report.ts";

/** How often servers hand each other what SDKs reported to them. */
const EXCHANGE_EVERY_MS = 1_000;

/** Characters of what one server hands on in a second; reports of some thousand clients. What is beyond counts at the server that got it only. */
const BATCH_CHARS_MAX = 4 * 1024 * 1024;

/** Batches that wait for a store that is away: clients give up a report that was not taken as soon. */
const WAITING_MAX = 10;

/** Servers whose last batch is remembered. Those that went long ago have left nothing to read. */
const SERVERS_MAX = 100;

const VERSION = 1;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** A report as it came to one of the servers, as far as a rollout measures it. */
export interface HandedReport {
  readonly environment: string;
  readonly report: MeasuredReport;
}

/** What a server needs to share its reports with others on the same store. */
export interface Sharing {
  readonly log: ReportLog;
  /** Of this process, unlike any other. */
  readonly instance: string;
  readonly leadership: Leadership;
}

/** What an exchange between servers works with, and whom it hands reports to. */
export interface ExchangeParts extends Sharing {
  readonly timers: Timers;
  readonly logger: Logger;
  /** Takes in what came to another server. */
  readonly receive: (handed: HandedReport) => void;
  /** Goes on from where another server was: what is stored, and then these reports, of which some are in it already. */
  readonly takeOver: (recent: AsyncIterable<HandedReport>) => Promise<void>;
}

interface Batch {
  readonly seq: number;
  /** Reports as JSON, with commas in between. */
  readonly text: string;
}

/**
 * Hands each report on, as it came, to every server on the store, and takes theirs in, once a second. Each counts all of them, once each by their
 * numbers, so that whichever evaluates knows of all users; and whichever takes over goes on from the last checkpoint and what was handed on since.
 */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #known = new Map<string, number>();
  #reports: string[] = [];
  #chars = 0;
  #left = 0;
  #seq = 0;
  #waiting: Batch[] = [];
  #isJoined = false;
  #isFailing = false;
  /** The lease under which this server last took over. */
  #takenOver: number | undefined;
  #going: Promise<void> | undefined;
  #stopGoing: Cancel = () => undefined;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** As of `UnitIntake`. A server that watches because the store is away judges by what it has. */
  get holding(): number | undefined {
    const fence = this.#parts.leadership.evaluating()?.fence;
    return fence === NO_FENCE || fence === this.#takenOver ? fence : undefined;
  }

  start(): void {
    this.#stopGoing = this.#parts.timers.every(EXCHANGE_EVERY_MS, () => void this.go());
  }

  /** Hands on what is left. Never rejects. */
  async stop(): Promise<void> {
    this.#stopGoing();
    await this.#going;
    await this.#send().catch((error: unknown) => this.#complain(error));
  }

  /** A report that came to this server. */
  handOn(handed: HandedReport): void {
    const text = JSON.stringify(handed);
    if (this.#chars + text.length > BATCH_CHARS_MAX) {
      this.#left += 1;
      return;
    }
    this.#chars += text.length;
    this.#reports.push(text);
  }

  /** Sends, reads and, where the lease has come to this server, takes over; joins what is under way. What fails is tried again a second later. */
  go(): Promise<void> {
    this.#going ??= this.#go()
      .then(() => (this.#isFailing = false))
      .catch((error: unknown) => this.#complain(error))
      .then(() => void (this.#going = undefined));
    return this.#going;
  }

  async #go(): Promise<void> {
    await this.#send();
    await this.#read();
    const fence = this.#parts.leadership.evaluating()?.fence;
    if (fence === undefined || fence === NO_FENCE || fence === this.#takenOver) return;
    // With the next number nobody else can have evaluated in between.
    const isNext = this.#takenOver !== undefined && fence === this.#takenOver + 1;
    if (!isNext) await this.#parts.takeOver(this.#recent());
    this.#takenOver = fence;
  }

  async #send(): Promise<void> {
    const { log, instance, logger } = this.#parts;
    this.#seal();
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      const { seq, text } = batch;
      await log.append({ instance, seq, body: await deflate(`{"version":${VERSION},"reports":[${text}]}`) });
      note(this.#known, instance, seq);
      this.#waiting = this.#waiting.filter((one) => one !== batch);
    }
    if (this.#left === 0) return;
    logger.warn({ reports: this.#left }, "more was reported in a second than is handed on to the other servers");
    this.#left = 0;
  }

  /** What came since the last time becomes a batch. */
  #seal(): void {
    if (this.#reports.length === 0) return;
    this.#waiting = [...this.#waiting, { seq: (this.#seq += 1), text: this.#reports.join(",") }].slice(-WAITING_MAX);
    this.#reports = [];
    this.#chars = 0;
  }

  async #read(): Promise<void> {
    // What was handed on before this server was there is no news of this second.
    const isNews = this.#isJoined;
    for await (const handed of this.#handed(this.#known)) if (isNews) this.#parts.receive(handed);
    this.#isJoined = true;
  }

  /** Everything that is still there, of this server too, in the order of its coming. */
  async *#recent(): AsyncGenerator<HandedReport> {
    yield* this.#handed(new Map());
    const own = [...this.#waiting.map(({ text }) => text), ...this.#reports].join(",");
    yield* JSON.parse(`[${own}]`) as HandedReport[];
  }

  async *#handed(known: Map<string, number>): AsyncGenerator<HandedReport> {
    for (let next = await this.#parts.log.since(known); next.length > 0; next = await this.#parts.log.since(known)) {
      for (const batch of next) {
        note(known, batch.instance, batch.seq);
        yield* await this.#reportsOf(batch);
      }
    }
  }

  async #reportsOf({ instance, seq, body }: ReportBatch): Promise<readonly HandedReport[]> {
    try {
      const text = await inflate(body, { maxOutputLength: 4 * BATCH_CHARS_MAX });
      const batch = JSON.parse(text.toString("utf8")) as {
        readonly version?: number;
        readonly reports?: HandedReport[];
      };
      if (batch.version === VERSION && batch.reports !== undefined) return batch.reports;
    } catch {
      // Told below.
    }
    this.#parts.logger.warn({ instance, seq }, "what another server handed on can't be read");
    return [];
  }

  /** Once, until it works again. */
  #complain(error: unknown): void {
    if (!this.#isFailing)
      this.#parts.logger.warn({ err: error }, "what SDKs report can't be exchanged with the other servers");
    this.#isFailing = true;
  }
}

function note(known: Map<string, number>, instance: string, seq: number): void {
  known.delete(instance);
  known.set(instance, seq);
  for (const oldest of known.keys()) {
    if (known.size <= SERVERS_MAX) return;
    known.delete(oldest);
  }
}

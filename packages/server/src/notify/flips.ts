import type { AuditEntry } from "@rampart/core";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Delivery } from "../ports/notifier.ts";
import type { Random } from "../ports/random.ts";
import type { Store } from "../ports/store.ts";
import { pause, type Cancel, type Timers } from "../ports/timers.ts";
import { backOffMs, TRIES_MAX } from "./back-off.ts";
import type { Channels } from "./channels.ts";
import { isFlip } from "./otlp.ts";

/** How often the audit is looked at for flips, whichever server they were made at. */
const LOOK_EVERY_MS = 1_000;

/** Entries read at a time. */
const PAGE = 100;

/** Flips that wait for one collector; of more the oldest are given up. */
const WAITING_MAX = 1_000;

/** Entries that are no flips are read again after a restart, up to so many: that costs less than storing that they were read. */
const UNSTORED_MAX = 1_000;

/** What a collector at work is given to answer when the server stops. */
const STOP_WITHIN_MS = 2_000;

/** Where it is stored up to which entry of the audit every collector was told. */
const KEY = "flips";

/** What flips by hand are told with. */
export interface FlipsParts {
  readonly audit: Store["audit"];
  readonly checkpoints: CheckpointStore;
  readonly channels: Pick<Channels, "collectors" | "tellFlip">;
  /** The server that evaluates tells, so that nothing is told twice. */
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

interface Lane {
  readonly waiting: AuditEntry[];
  failures: number;
  dueMs: number;
}

/**
 * Tells OpenTelemetry collectors of every flip of a flag: by hand, by an alert, by a rollout. The audit is what is told from, and how far is stored,
 * so that each is told at least once, in their order; after a crash or at another server some come again, with the same id.
 */
export class Flips {
  readonly #parts: FlipsParts;
  readonly #lanes = new Map<string, Lane>();
  /** Entries up to this one were looked at; undefined: nobody has said yet where to begin. */
  #seen: number | undefined;
  /** What is stored of that; undefined: nothing yet. */
  #stored: number | undefined;
  #hasNews = false;
  #isFailing = false;
  #looking: Promise<void> | undefined;
  #stopLooking: Cancel = () => undefined;

  constructor(parts: FlipsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopLooking = this.#parts.timers.every(LOOK_EVERY_MS, () => void this.look());
  }

  /** Looks no more, and resolves when what is under way is told, or soon after: it is told again then. */
  async stop(): Promise<void> {
    this.#stopLooking();
    await Promise.race([this.#looking, pause(this.#parts.timers, STOP_WITHIN_MS)]);
  }

  /** Looks what is new and tells it; joins a look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .then(() => (this.#isFailing = false))
      .catch((error: unknown) => {
        // Once is enough while the store is away: where there is no collector either, nobody misses anything.
        if (!this.#isFailing)
          this.#parts.logger.warn({ err: error }, "collectors can't be told of flips; it is tried again");
        this.#isFailing = true;
      })
      .then(() => void (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const lease = this.#parts.leadership.evaluating();
    if (lease === undefined) {
      this.#seen = undefined;
      this.#lanes.clear();
      return;
    }
    await this.#read();
    await Promise.all([...this.#lanes].map(([name, lane]) => this.#tell(name, lane)));
    await this.#store(lease.fence);
  }

  async #read(): Promise<void> {
    const { audit, channels } = this.#parts;
    this.#seen ??= await this.#begin();
    for (;;) {
      const entries = await audit({ after: this.#seen, order: "oldest", limit: PAGE });
      const flips = entries.filter(isFlip);
      const collectors = flips.length === 0 ? [] : await channels.collectors();
      for (const name of collectors) this.#queue(name, flips);
      this.#seen = entries.at(-1)?.seq ?? this.#seen;
      if (entries.length < PAGE) return;
    }
  }

  #queue(name: string, flips: readonly AuditEntry[]): void {
    const lane = this.#lanes.get(name) ?? { waiting: [], failures: 0, dueMs: 0 };
    this.#lanes.set(name, lane);
    lane.waiting.push(...flips);
    const tooMany = lane.waiting.splice(0, lane.waiting.length - WAITING_MAX);
    if (tooMany.length > 0) this.#giveUp(name, tooMany.length, `more than ${WAITING_MAX} wait`);
  }

  /** Where the last one stopped; on a new store with what comes next. */
  async #begin(): Promise<number> {
    const { audit, checkpoints } = this.#parts;
    const kept = (await checkpoints.checkpoints()).find(({ key }) => key === KEY);
    this.#stored = kept && Number(new TextDecoder().decode(kept.body));
    return this.#stored ?? (await audit({ order: "newest", limit: 1 }))[0]?.seq ?? 0;
  }

  async #tell(name: string, lane: Lane): Promise<void> {
    const { channels, clock, random, logger } = this.#parts;
    for (
      let entry = lane.waiting[0];
      entry !== undefined && clock.monotonicMs() >= lane.dueMs;
      entry = lane.waiting[0]
    ) {
      const told = await channels.tellFlip(name, entry).catch(failed);
      if (told.kind === "failed" && told.again && lane.failures + 1 < TRIES_MAX) {
        lane.failures += 1;
        lane.dueMs = clock.monotonicMs() + Math.max(backOffMs(lane.failures, random.next()), told.waitMs ?? 0);
        logger.warn(
          { channel: name, seq: entry.seq, reason: told.reason },
          "a collector was not told of a flip; it is tried again",
        );
        return;
      }
      if (told.kind === "failed") this.#giveUp(name, 1, told.reason);
      lane.failures = 0;
      lane.waiting.shift();
      this.#hasNews = true;
    }
    if (lane.waiting.length === 0) this.#lanes.delete(name);
  }

  async #store(fence: number | undefined): Promise<void> {
    const { checkpoints, clock } = this.#parts;
    const waiting = [...this.#lanes.values()].flatMap((lane) => lane.waiting.slice(0, 1).map(({ seq }) => seq));
    const told = Math.min(this.#seen ?? 0, ...waiting.map((seq) => seq - 1));
    if (this.#stored !== undefined && !this.#hasNews && told - this.#stored < UNSTORED_MAX) return;
    const body = new TextEncoder().encode(String(told));
    await checkpoints.saveCheckpoint({ key: KEY, body, savedAt: clock.now() }, fence);
    this.#stored = told;
    this.#hasNews = false;
  }

  #giveUp(channel: string, flips: number, reason: string): void {
    this.#parts.logger.error({ channel, flips, reason }, "a collector is not told of flips: they were given up");
  }
}

function failed(error: unknown): Delivery {
  return { kind: "failed", reason: error instanceof Error ? error.message : String(error), again: true };
}

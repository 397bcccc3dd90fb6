import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { Delivery, Notifier } from "../ports/notifier.ts";
import type { Random } from "../ports/random.ts";
import type { OutboxRow, RolloutStore } from "../ports/rollout-store.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import { backOffMs, TRIES_MAX } from "./back-off.ts";

/** How often it is looked what is to be delivered, beside when something was committed. */
const LOOK_EVERY_MS = 1000;

/** Messages taken at a time. */
const BATCH_MAX = 100;

export interface DispatcherParts {
  readonly store: Pick<RolloutStore, "outboxDue" | "outboxSent" | "outboxFailed">;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Pick<Meter, "notified">;
}

/**
 * Empties the outbox: each message is delivered at least once, the oldest first, tried again with growing waits, and given up after
 * `TRIES_MAX` tries. What it waits for is stored, so that a restart forgets nothing.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  #stopLooking: Cancel = () => undefined;
  #working: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopLooking = this.#parts.timers.every(LOOK_EVERY_MS, () => void this.look());
  }

  /** Looks no more, and resolves when the message that is under way is done with. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLooking();
    await this.#working;
  }

  /** Delivers what is due; joins a look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#working ??= this.#deliverDue()
      .catch((error: unknown) => this.#parts.logger.error({ err: error }, "the outbox can't be read or written"))
      .finally(() => (this.#working = undefined));
    return this.#working;
  }

  async #deliverDue(): Promise<void> {
    const { store, clock } = this.#parts;
    for (;;) {
      const due = await store.outboxDue(clock.now(), BATCH_MAX);
      for (const message of due) {
        if (this.#isStopped) return;
        await this.#deliver(message);
      }
      if (due.length < BATCH_MAX) return;
    }
  }

  async #deliver(message: OutboxRow): Promise<void> {
    const { store, clock, random, logger, meter } = this.#parts;
    const delivery = await this.#try(message);
    if (delivery.kind === "delivered") {
      await store.outboxSent(message.key, clock.now());
      meter.notified("sent");
      return;
    }
    const failures = message.attempts + 1;
    const dead = !delivery.again || failures >= TRIES_MAX;
    const dueAt = clock.now() + backOffMs(failures, random.next());
    await store.outboxFailed(message.key, { error: delivery.reason, dueAt, dead });
    meter.notified(dead ? "dead" : "failed");
    const about = { key: message.key, rollout: message.rolloutId, event: message.notify.event, failures };
    if (dead) logger.error({ ...about, reason: delivery.reason }, "a notification was given up");
    else logger.warn({ ...about, reason: delivery.reason }, "a notification failed and is tried again");
  }

  async #try(message: OutboxRow): Promise<Delivery> {
    try {
      return await this.#parts.notifier.deliver(message);
    } catch (error) {
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error), again: true };
    }
  }
}

import type { Clock } from "../ports/clock.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { Delivery, Notifier } from "../ports/notifier.ts";
import type { Random } from "../ports/random.ts";
import type { OutboxRow, RolloutStore } from "../ports/rollout-store.ts";
import { pause, type Cancel, type Timers } from "../ports/timers.ts";
import { backOffMs, TRIES_MAX } from "./back-off.ts";

/** How often it is looked what is to be delivered, beside when something was committed. */
const LOOK_EVERY_MS = 1000;

/** What a channel at work is given to finish when the server stops; its message is then sent again after the next start. */
const STOP_WITHIN_MS = 2000;

/** Messages taken at a time. */
const BATCH_MAX = 100;

/** What messages are delivered with. */
export interface DispatcherParts {
  readonly store: Pick<RolloutStore, "outboxDue" | "outboxSent" | "outboxFailed">;
  readonly notifier: Notifier;
  /** The server that evaluates sends, so that nothing is sent twice. */
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Pick<Meter, "notified">;
}

/**
 * Empties the outbox: each message is delivered at least once, of one rollout and channel the oldest first (what opens or ends an incident
 * apart from what is only told, and before it), tried again with growing waits, and given up after `TRIES_MAX` tries. What it waits for is stored, so that a restart forgets nothing. A channel works through
 * its messages one by one, and none waits for another: a receiver that hangs holds up only itself.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** Channels that are at work; the look that started them left them their messages. */
  readonly #working = new Map<string, Promise<void>>();
  /** Delivered, while the store could not be told yet: a full disk must not send a message each second. */
  readonly #unmarked = new Set<string>();
  #looking: Promise<void> | undefined;
  #stopLooking: Cancel = () => undefined;
  #isStopped = false;
  /** The store may be closed by now. */
  #isAbandoned = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopLooking = this.#parts.timers.every(LOOK_EVERY_MS, () => void this.look());
  }

  /** Looks no more, and resolves when the messages that are under way are done with, or soon after: a receiver may hang. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLooking();
    await this.#looking;
    if (this.#working.size > 0)
      await Promise.race([Promise.all(this.#working.values()), pause(this.#parts.timers, STOP_WITHIN_MS)]);
    this.#isAbandoned = true;
  }

  /** Sets every channel to work that has something due; joins a look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#startDue()
      .catch((error: unknown) => this.#complain(error))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #startDue(): Promise<void> {
    const { store, clock } = this.#parts;
    // Each at most once a look: with a store that reads but can't write, the same message would be due for ever.
    const started = new Set<string>();
    for (;;) {
      if (this.#isStopped || this.#parts.leadership.evaluating() === undefined) return;
      const due = await store.outboxDue(clock.now(), BATCH_MAX, [...new Set([...started, ...this.#working.keys()])]);
      if (due.length === 0) return;
      const channels = new Set(due.map((message) => message.channel));
      for (const channel of channels) {
        started.add(channel);
        const messages = due.filter((message) => message.channel === channel);
        this.#work(channel, messages);
      }
    }
  }

  #work(channel: string, messages: readonly OutboxRow[]): void {
    const work = async (): Promise<void> => {
      const delivered = await this.#deliverAll(messages).catch((error: unknown) => this.#complain(error));
      this.#working.delete(channel);
      if (delivered === true) void this.look();
    };
    this.#working.set(channel, work());
  }

  /** What comes after these in their rollouts is looked for once they are done with. */
  async #deliverAll(messages: readonly OutboxRow[]): Promise<boolean> {
    let delivered = false;
    for (const message of messages) {
      if (this.#isStopped) return false;
      delivered = (await this.#deliver(message)) || delivered;
    }
    return delivered;
  }

  /** Answers whether the message is done with, so that the next of its rollout may follow. */
  async #deliver(message: OutboxRow): Promise<boolean> {
    const { store, clock, random, logger, meter } = this.#parts;
    const delivery: Delivery = this.#unmarked.has(message.key) ? { kind: "delivered" } : await this.#try(message);
    if (this.#isAbandoned) return false;
    if (delivery.kind === "delivered") {
      this.#unmarked.add(message.key);
      await store.outboxSent(message.key, clock.now());
      this.#unmarked.delete(message.key);
      meter.notified("sent");
      return true;
    }
    const failures = message.attempts + 1;
    const dead = !delivery.again || failures >= TRIES_MAX;
    const waitMs = backOffMs(failures, random.next());
    const dueAt = clock.now() + (delivery.again ? Math.max(waitMs, delivery.waitMs ?? 0) : waitMs);
    await store.outboxFailed(message.key, { error: delivery.reason, dueAt, dead });
    meter.notified(dead ? "dead" : "failed");
    const { key, channel, rolloutId: rollout, notify } = message;
    const about = { key, channel, rollout, event: notify.event, failures, reason: delivery.reason };
    if (dead) logger.error(about, "a notification was given up");
    else logger.warn(about, "a notification failed and is tried again");
    return dead;
  }

  async #try(message: OutboxRow): Promise<Delivery> {
    try {
      return await this.#parts.notifier.deliver(message);
    } catch (error) {
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error), again: true };
    }
  }

  #complain(error: unknown): void {
    this.#parts.logger.error({ err: error }, "the outbox can't be read or written");
  }
}

import type { AuditEntry } from "@rampart/core";
import { LOG_CHANNEL } from "../domain/notify/route.ts";
import { FILLED_LENGTH_MAX, fillPlaceholders } from "../domain/plan/grammar/placeholders.ts";
import { clip } from "../domain/notify/message.ts";
import type { Channel, ChannelDesk, SavedChannel } from "../ports/channels.ts";
import type { EgressDoor } from "../ports/egress.ts";
import type { Logger } from "../ports/logger.ts";
import type { Delivery, Notifier } from "../ports/notifier.ts";
import type { OutboxRow } from "../ports/rollout-store.ts";
import type { ChangeMeta } from "../ports/store.ts";
import type { BookedChannel, ChannelBook } from "./channel-book.ts";
import type { ChannelSettings } from "./channels-file.ts";
import { DELIVERED, deliverHttp, type Sent, type Wire } from "./deliver-http.ts";
import { mailOf, sendMail } from "./email.ts";
import { logMessage } from "./log-notifier.ts";
import { flipCall, otlpCall } from "./otlp.ts";
import type { Outgoing } from "./outgoing.ts";
import { pagerDutyCall } from "./pagerduty.ts";
import { slackPayload } from "./slack.ts";
import { sendToStatuspage, testStatuspage } from "./statuspage.ts";
import { webhookCall } from "./webhook.ts";

/** What channels are made with. */
export interface ChannelsParts extends Wire {
  readonly book: ChannelBook;
  readonly door: EgressDoor;
  readonly logger: Logger;
  /** A new id for each test message. */
  readonly newId: () => string;
  /** The server's own address, for links. */
  readonly publicUrl: string | undefined;
}

/**
 * Brings messages to their channels. A channel whose receiver answers 410 is disabled until it is changed, the server starts anew or a
 * test reaches it: nothing is stored of that, for the first message after a start finds it out again.
 */
export class Channels implements Notifier, ChannelDesk {
  readonly #parts: ChannelsParts;
  /** Why, by name; of one revision of the channel. */
  readonly #gone = new Map<string, { readonly reason: string; readonly revision: number }>();

  constructor(parts: ChannelsParts) {
    this.#parts = parts;
  }

  async deliver(row: OutboxRow): Promise<Delivery> {
    const { book, logger } = this.#parts;
    if (row.channel === LOG_CHANNEL) return logMessage(logger, row);
    const channel = await book.find(row.channel);
    if (channel === undefined) return this.#unknown(row);
    const reason = this.#disabled(channel);
    if (reason !== undefined) return { kind: "failed", reason: `the channel is disabled: ${reason}`, again: false };
    return this.#noted(channel, await this.#send(channel, { ...row, ...this.#linksOf(row) }));
  }

  /** The names of the channels that hear of every flip. */
  async collectors(): Promise<readonly string[]> {
    const booked = await this.#parts.book.all();
    return booked.flatMap((one) => (one.type === "otlp" && this.#disabled(one) === undefined ? [one.name] : []));
  }

  /** Tells a collector of a flag's flip. One that is not there any more, or is disabled, wants to hear of none. */
  async tellFlip(name: string, entry: AuditEntry): Promise<Delivery> {
    const { book, publicUrl } = this.#parts;
    const channel = await book.find(name);
    if (channel === undefined || this.#disabled(channel) !== undefined) return DELIVERED;
    const { settings } = channel;
    if ("unusable" in settings || settings.type !== "otlp") return DELIVERED;
    const link = publicUrl === undefined ? undefined : pageOf(publicUrl, "flags", entry.target.slice("flag/".length));
    return this.#noted(channel, await deliverHttp(this.#parts, flipCall(settings, entry, link)));
  }

  async channels(): Promise<readonly Channel[]> {
    const booked = await this.#parts.book.all();
    return [
      { name: LOG_CHANNEL, type: "log", source: "server", state: "ready" },
      ...booked.map((one) => this.#view(one)),
    ];
  }

  async test(name: string): Promise<Delivery | undefined> {
    const { book, logger } = this.#parts;
    const outgoing = this.#testMessage();
    if (name === LOG_CHANNEL) return logMessage(logger, outgoing);
    const channel = await book.find(name);
    if (channel === undefined) return undefined;
    const { settings } = channel;
    const asked = "type" in settings && settings.type === "statuspage";
    const sent = asked ? testStatuspage(this.#parts, settings) : this.#send(channel, outgoing);
    const delivery = this.#noted(channel, await sent);
    if (delivery.kind === "delivered") this.#gone.delete(name);
    return delivery;
  }

  async save(name: string, settings: unknown, meta: ChangeMeta): Promise<SavedChannel> {
    const saved = await this.#parts.book.save(name, settings, meta);
    switch (saved.kind) {
      case "invalid":
      case "fixed":
      case "full":
        return saved;
      case "created":
      case "changed": {
        this.#gone.delete(name);
        const channel = await this.#parts.book.find(name);
        if (channel === undefined) throw new Error(`the channel ${name} was removed while it was saved`);
        return { kind: saved.kind, channel: this.#view(channel) };
      }
    }
  }

  remove(name: string, meta: ChangeMeta): Promise<"removed" | "missing" | "fixed"> {
    return this.#parts.book.remove(name, meta);
  }

  #view(channel: BookedChannel): Channel {
    const { name, type, source } = channel;
    const reason = this.#disabled(channel);
    return { name, type, source, ...(reason === undefined ? { state: "ready" } : { state: "disabled", reason }) };
  }

  #disabled({ name, settings, revision }: BookedChannel): string | undefined {
    if ("unusable" in settings) return settings.unusable;
    const gone = this.#gone.get(name);
    return gone?.revision === revision ? gone.reason : undefined;
  }

  async #send({ settings }: BookedChannel, message: Outgoing): Promise<Sent> {
    if ("unusable" in settings)
      return { kind: "failed", reason: `the channel is disabled: ${settings.unusable}`, again: false };
    const skip = message.onlyIncident && settings.type !== "pagerduty" && settings.type !== "statuspage";
    return skip ? DELIVERED : this.#sendTo(settings, inOwnWords(settings, message));
  }

  #sendTo(channel: ChannelSettings, outgoing: Outgoing): Promise<Sent> {
    const parts = this.#parts;
    switch (channel.type) {
      case "log":
        return Promise.resolve(logMessage(parts.logger, outgoing));
      case "slack":
        return deliverHttp(parts, { url: channel.url, body: slackPayload(outgoing) });
      case "pagerduty":
        return deliverHttp(parts, pagerDutyCall(channel, outgoing));
      case "webhook":
        return deliverHttp(parts, webhookCall(channel, outgoing, parts.clock.now()));
      case "statuspage":
        return sendToStatuspage(parts, channel, outgoing);
      case "email":
        return sendMail(parts.door, channel, mailOf(outgoing));
      case "otlp":
        return deliverHttp(parts, otlpCall(channel, outgoing));
    }
  }

  #noted({ name, revision }: BookedChannel, sent: Sent): Delivery {
    if (sent.kind !== "gone") return sent;
    this.#gone.set(name, { reason: sent.reason, revision });
    this.#parts.logger.error(
      { channel: name, reason: sent.reason },
      "a channel is disabled: its receiver is gone; correct its address, then test it or restart",
    );
    return { kind: "failed", reason: `the channel is disabled: ${sent.reason}`, again: false };
  }

  /** The log has the message already: everything is written to it. */
  #unknown({ key, channel, rolloutId: rollout }: OutboxRow): Delivery {
    this.#parts.logger.warn(
      { key, channel, rollout },
      "a plan notifies a channel that this server does not have: the message is in this log only",
    );
    return DELIVERED;
  }

  #linksOf({ rolloutId, message }: OutboxRow): Pick<Outgoing, "link" | "links"> {
    const { publicUrl } = this.#parts;
    if (publicUrl === undefined) return {};
    const page = (...path: readonly string[]): string => pageOf(publicUrl, ...path);
    const flag = message.values?.flag;
    return {
      link: page("rollouts", rolloutId),
      links: [
        ...(flag === undefined ? [] : [{ text: "The flag", url: page("flags", flag) }]),
        { text: "Evidence", url: page("api", "v1", "rollouts", rolloutId, "evidence") },
      ],
    };
  }

  #testMessage(): Outgoing {
    return {
      key: `test-${this.#parts.newId()}`,
      rolloutId: "test",
      notify: { kind: "notify", event: "summary", subject: "a test of this channel" },
      message: {
        title: "A test of this channel",
        text: "Somebody asked Rampart to test this channel. Nothing is to be done.",
        facts: [],
      },
      onlyIncident: false,
      createdAt: this.#parts.clock.now(),
    };
  }
}

/** A page of the console, or an address of the API. */
function pageOf(publicUrl: string, ...path: readonly string[]): string {
  return [publicUrl.replace(/\/+$/, ""), ...path.map((part) => encodeURIComponent(part))].join("/");
}

/** The message with the channel's own text, where it has one. */
function inOwnWords(settings: ChannelSettings, outgoing: Outgoing): Outgoing {
  const template = "template" in settings ? settings.template : undefined;
  const { message } = outgoing;
  if (template === undefined || message.values === undefined) return outgoing;
  const text = clip(fillPlaceholders(template, message.values), FILLED_LENGTH_MAX);
  return { ...outgoing, message: { ...message, text } };
}

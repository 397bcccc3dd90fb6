import { LOG_CHANNEL } from "../domain/notify/route.ts";
import type { Channel, ChannelDesk } from "../ports/channels.ts";
import type { Logger } from "../ports/logger.ts";
import type { Delivery, Notifier } from "../ports/notifier.ts";
import type { OutboxRow } from "../ports/rollout-store.ts";
import type { ChannelSettings } from "./channels-file.ts";
import { DELIVERED, deliverHttp, type Sent, type Wire } from "./deliver-http.ts";
import { mailOf, sendMail } from "./email.ts";
import { logMessage } from "./log-notifier.ts";
import type { Outgoing } from "./outgoing.ts";
import { pagerDutyCall } from "./pagerduty.ts";
import { slackPayload } from "./slack.ts";
import { sendToStatuspage, testStatuspage } from "./statuspage.ts";
import { webhookCall } from "./webhook.ts";

export interface ChannelsParts extends Wire {
  readonly settings: ReadonlyMap<string, ChannelSettings>;
  readonly logger: Logger;
  /** A new id for each test message. */
  readonly newId: () => string;
  /** The server's own address, for links. */
  readonly publicUrl: string | undefined;
}

/**
 * Brings messages to their channels. A channel whose receiver answers 410 is disabled until the server starts anew or a test reaches
 * it: nothing is stored of that, for the first message after a start finds it out again.
 */
export class Channels implements Notifier, ChannelDesk {
  readonly #parts: ChannelsParts;
  /** Why, by name. */
  readonly #disabled = new Map<string, string>();

  constructor(parts: ChannelsParts) {
    this.#parts = parts;
  }

  async deliver(row: OutboxRow): Promise<Delivery> {
    const { settings, logger } = this.#parts;
    if (row.channel === LOG_CHANNEL) return logMessage(logger, row);
    const channel = settings.get(row.channel);
    if (channel === undefined) return this.#unknown(row);
    const reason = this.#disabled.get(row.channel);
    if (reason !== undefined) return { kind: "failed", reason: `the channel is disabled: ${reason}`, again: false };
    return this.#noted(row.channel, await this.#send(channel, { ...row, ...this.#linkOf(row.rolloutId) }));
  }

  channels(): readonly Channel[] {
    const configured = [...this.#parts.settings].map(([name, { type }]): Channel => {
      const reason = this.#disabled.get(name);
      return reason === undefined ? { name, type, state: "ready" } : { name, type, state: "disabled", reason };
    });
    return [{ name: LOG_CHANNEL, type: "log", state: "ready" }, ...configured];
  }

  async test(name: string): Promise<Delivery | undefined> {
    const { settings, logger } = this.#parts;
    const outgoing = this.#testMessage();
    if (name === LOG_CHANNEL) return logMessage(logger, outgoing);
    const channel = settings.get(name);
    if (channel === undefined) return undefined;
    const sent = channel.type === "statuspage" ? testStatuspage(this.#parts, channel) : this.#send(channel, outgoing);
    const delivery = this.#noted(name, await sent);
    if (delivery.kind === "delivered") this.#disabled.delete(name);
    return delivery;
  }

  #send(channel: ChannelSettings, outgoing: Outgoing): Promise<Sent> {
    const skip = outgoing.onlyIncident && channel.type !== "pagerduty" && channel.type !== "statuspage";
    if (skip) return Promise.resolve(DELIVERED);
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
        return sendMail(channel, mailOf(outgoing));
    }
  }

  #noted(name: string, sent: Sent): Delivery {
    if (sent.kind !== "gone") return sent;
    this.#disabled.set(name, sent.reason);
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

  #linkOf(rolloutId: string): { readonly link?: string } {
    const { publicUrl } = this.#parts;
    if (publicUrl === undefined) return {};
    return { link: `${publicUrl.replace(/\/+$/, "")}/rollouts/${encodeURIComponent(rolloutId)}` };
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

import { createHmac } from "node:crypto";
import { instantOf } from "../domain/instant.ts";
import type { HttpCall } from "./deliver-http.ts";
import type { Outgoing } from "./outgoing.ts";

interface WebhookSettings {
  readonly url: string;
  /** `whsec_` and base64. Each signs, so that a receiver can change over from one to the next. */
  readonly secrets: readonly string[];
}

/**
 * A call that is signed as Standard Webhooks has it: `webhook-id` is the same whenever the message comes again, the signature covers
 * id, time and body. `now`: the time of this try, in milliseconds, for the receiver's check against replays.
 */
export function webhookCall({ url, secrets }: WebhookSettings, outgoing: Outgoing, now: number): HttpCall {
  const { key } = outgoing;
  const timestamp = String(Math.floor(now / 1000));
  const body = JSON.stringify(webhookBody(outgoing));
  const signatures = secrets.map((secret) => signature(secret, `${key}.${timestamp}.${body}`));
  const headers = {
    "content-type": "application/json",
    "webhook-id": key,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
  return { url, headers, body };
}

function webhookBody({ rolloutId, notify, message, createdAt, link, links }: Outgoing): object {
  const { event, severity, stage, subject, cause } = notify;
  const { title, text, facts } = message;
  return {
    type: `rollout.${event}`,
    timestamp: instantOf(createdAt),
    data: { rollout: rolloutId, event, severity, stage, subject, cause, title, text, facts, link, links },
  };
}

function signature(secret: string, signed: string): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(signed, "utf8").digest("base64")}`;
}

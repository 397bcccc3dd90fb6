import { incidentActOf } from "../domain/notify/incident.ts";
import { clip } from "../domain/notify/message.ts";
import { instantOf } from "../domain/instant.ts";
import type { Severity } from "../domain/plan/types.ts";
import type { HttpCall } from "./deliver-http.ts";
import { allLinks, type Outgoing } from "./outgoing.ts";

/** Characters that PagerDuty takes. */
export const PAGERDUTY_SUMMARY_MAX = 1024;

/** Where its events go unless the channel says otherwise (the EU region, a proxy). */
export const PAGERDUTY_URL = "https://events.pagerduty.com";

const SEVERITIES: { readonly [severity in Severity]: "critical" | "error" | "warning" | "info" } = {
  P0: "critical",
  P1: "error",
  P2: "warning",
  P3: "info",
};

interface PagerDutySettings {
  readonly url: string;
  readonly routingKey: string;
}

/**
 * A call of the Events API v2: one incident a rollout, which is opened, acknowledged and resolved under one key; what calls nobody is a
 * change event.
 */
export function pagerDutyCall({ url, routingKey }: PagerDutySettings, outgoing: Outgoing): HttpCall {
  const { notify, rolloutId, link } = outgoing;
  const act = incidentActOf(notify.event);
  const pages = allLinks(outgoing).map(({ text, url: href }) => ({ href, text }));
  const links = pages.length === 0 ? {} : { links: pages };
  const keyed = { routing_key: routingKey, dedup_key: `rampart:${rolloutId}` };
  switch (act) {
    case "open": {
      const payload = { ...payloadOf(outgoing), severity: SEVERITIES[notify.severity ?? "P1"] };
      const client = { client: "Rampart", ...(link !== undefined && { client_url: link }) };
      return { url: `${url}/v2/enqueue`, body: { ...keyed, event_action: "trigger", payload, ...client, ...links } };
    }
    case "acknowledge":
      return { url: `${url}/v2/enqueue`, body: { ...keyed, event_action: "acknowledge" } };
    case "close":
      return { url: `${url}/v2/enqueue`, body: { ...keyed, event_action: "resolve" } };
    case "none":
      return {
        url: `${url}/v2/change/enqueue`,
        body: { routing_key: routingKey, payload: payloadOf(outgoing), ...links },
      };
  }
}

function payloadOf({ message, notify, rolloutId, createdAt }: Outgoing): object {
  const { title, text, facts } = message;
  return {
    summary: clip(`${title}: ${notify.subject}`, PAGERDUTY_SUMMARY_MAX),
    source: "rampart",
    timestamp: instantOf(createdAt),
    custom_details: {
      ...Object.fromEntries(facts.map(({ name, value }) => [name, value])),
      Text: text,
      Rollout: rolloutId,
    },
  };
}

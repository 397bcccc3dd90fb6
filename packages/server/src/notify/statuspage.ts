import type { NotifyEvent } from "../domain/plan/types.ts";
import { call, DELIVERED, deliverHttp, sentOf, type HttpCall, type Sent, type Wire } from "./deliver-http.ts";
import type { Outgoing } from "./outgoing.ts";

/** Where its API is unless the channel says otherwise. */
export const STATUSPAGE_URL = "https://api.statuspage.io";

interface StatuspageSettings {
  readonly url: string;
  readonly page: string;
  readonly apiKey: string;
  /** What the public reads as the incident's name. */
  readonly title: string;
}

type IncidentStatus = "investigating" | "identified" | "resolved";

/**
 * Keeps one public incident a rollout, from the rollback to the recovery. What the public reads is the state and the configured title:
 * no flag, metric or person. The incident is found again by its metadata, so that nothing has to be remembered here.
 */
export async function sendToStatuspage(wire: Wire, settings: StatuspageSettings, outgoing: Outgoing): Promise<Sent> {
  const status = statusFor(outgoing.notify.event);
  if (status === undefined) return DELIVERED;
  const found = await call(wire, { ...request(settings, "incidents/unresolved"), method: "GET" });
  const looked = sentOf(found, wire.clock.now());
  if (looked.kind !== "delivered" || found.kind !== "answer") return looked;
  const id = incidentOf(found.body, outgoing.rolloutId);
  const incident = { status, body: BODIES[status] };
  if (id !== undefined)
    return deliverHttp(wire, {
      ...request(settings, `incidents/${encodeURIComponent(id)}`, { incident }),
      method: "PATCH",
    });
  // There is nothing to end.
  if (status === "resolved") return DELIVERED;
  const metadata = { rampart: { rollout: outgoing.rolloutId } };
  return deliverHttp(
    wire,
    request(settings, "incidents", { incident: { name: settings.title, ...incident, metadata } }),
  );
}

/** Asks for the page: whether key and page are good, without telling the public anything. */
export function testStatuspage(wire: Wire, settings: StatuspageSettings): Promise<Sent> {
  return deliverHttp(wire, { ...request(settings, "incidents/unresolved"), method: "GET" });
}

function request({ url, page, apiKey }: StatuspageSettings, path: string, body?: object): HttpCall {
  return {
    url: `${url}/v1/pages/${encodeURIComponent(page)}/${path}`,
    headers: { authorization: `OAuth ${apiKey}` },
    ...(body !== undefined && { body }),
  };
}

/** Undefined: not the public's business. */
function statusFor(event: NotifyEvent): IncidentStatus | undefined {
  if (event === "rollback") return "identified";
  if (event === "notRecovered") return "investigating";
  if (event === "recovered") return "resolved";
  return undefined;
}

const BODIES: { readonly [status in IncidentStatus]: string } = {
  investigating: "A recent change was taken back, and things are not back to normal. We are investigating.",
  identified: "We saw a problem after a recent change and took the change back.",
  resolved: "The change was taken back, and things are back to normal.",
};

function incidentOf(body: string, rolloutId: string): string | undefined {
  let incidents: unknown;
  try {
    incidents = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(incidents)) return undefined;
  const found = (incidents as readonly StoredIncident[]).find((one) => one?.metadata?.rampart?.rollout === rolloutId);
  return typeof found?.id === "string" ? found.id : undefined;
}

type StoredIncident = {
  readonly id?: unknown;
  readonly metadata?: { readonly rampart?: { readonly rollout?: unknown } };
} | null;

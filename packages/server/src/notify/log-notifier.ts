import type { Logger } from "../ports/logger.ts";
import { DELIVERED } from "./deliver-http.ts";
import type { Outgoing } from "./outgoing.ts";

/** Writes a message as one line of the server's log. */
export function logMessage(logger: Logger, { key, rolloutId, notify }: Outgoing): typeof DELIVERED {
  const { kind: _, subject, ...details } = notify;
  logger.info({ key, rollout: rolloutId, ...details, subject }, "notification");
  return DELIVERED;
}

import type { Logger } from "../ports/logger.ts";
import type { Notifier } from "../ports/notifier.ts";

/** Delivers each message as one line of the server's log. */
export function createLogNotifier(logger: Logger): Notifier {
  return {
    async deliver({ key, rolloutId, notify }) {
      const { kind: _, subject, ...details } = notify;
      logger.info({ key, rollout: rolloutId, ...details, subject }, "notification");
      return { kind: "delivered" };
    },
  };
}

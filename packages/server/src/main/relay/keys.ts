import type { Authenticator } from "../../http/authenticator.ts";
import type { ServingParts } from "../../http/parts.ts";

/** Keys that were revoked, or have expired, lose their streams within this time and that of one question. */
const KEYS_CHECKED_EVERY_MS = 2_000;

type Watched = Pick<ServingParts, "hub" | "keys" | "tickets" | "timers" | "clock" | "logger"> & {
  readonly authenticator: Pick<Authenticator, "forget">;
};

/** Ends the streams of keys that are good no more. Returns what stops it. While the upstream server can't be asked they stay, and renew no lease. */
export function watchKeys(parts: Watched): () => void {
  let isBusy = false;
  return parts.timers.every(KEYS_CHECKED_EVERY_MS, () => {
    if (isBusy) return;
    isBusy = true;
    endRevoked(parts)
      .catch((cause: unknown) => parts.logger.debug({ err: cause }, "can't check the keys of open streams"))
      .finally(() => (isBusy = false));
  });
}

async function endRevoked({ hub, keys, tickets, clock, authenticator }: Watched): Promise<void> {
  const open = [...hub.tokenIds()];
  if (open.length === 0) return;
  const now = clock.now();
  const known = await keys.byIds(open);
  const good = new Set(
    known
      .filter(({ revokedAt, expiresAt }) => revokedAt === undefined && (expiresAt ?? Infinity) > now)
      .map(({ id }) => id),
  );
  for (const id of open) {
    if (good.has(id)) continue;
    authenticator.forget(id);
    tickets.revoke(id);
    hub.revoke(id);
  }
}

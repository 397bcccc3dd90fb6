import type { IncomingMessage } from "node:http";
import type { Basis } from "@rampart/core";
import { INSTANCE_HEADER } from "@rampart/core";
import { clientAddress } from "./address.ts";
import type { ServingParts } from "./parts.ts";
import { namedIdentity } from "./sdk-identity.ts";

/** Notes who asks, and what it says it holds: a poll is a receipt. */
export function notePoll(
  { hub, clock, trustedProxies }: Pick<ServingParts, "hub" | "clock" | "trustedProxies">,
  environment: string,
  incoming: IncomingMessage,
  basis: Basis | undefined,
): void {
  const { [INSTANCE_HEADER]: instanceId } = incoming.headers;
  const clients = hub.clients(environment);
  if (clients === undefined || typeof instanceId !== "string") return;
  const held = { basis, now: clock.now() };
  if (clients.polledAgain(instanceId, held)) return;
  const identity = namedIdentity(incoming, clientAddress(incoming, trustedProxies));
  if (identity !== undefined) clients.polled(identity, held);
}
